using System.Diagnostics;
using System.Text;
using HrNetBatch.Worker.Protocol;

namespace HrNetBatch.Worker.Child;

/// <summary>
/// Hears the worker on a thread of its own. The end of standard input means that the worker is dead, however it died: then
/// this process ends at once, since nobody renews its lease any more.
/// </summary>
internal static class WorkerInput
{
    /// <summary>Starts to listen.</summary>
    /// <param name="onMessage">Called on the listening thread; must not block.</param>
    public static void Listen(Action<Message> onMessage) => new Thread(() =>
    {
        using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        while (input.ReadLine() is { } line)
        {
            if (MessageLine.TryParse(line) is { } message)
                onMessage(message);
        }
        // Not Environment.Exit: finalizers and native exit handlers can hang, and there is nothing left to save.
        Process.GetCurrentProcess().Kill();
    })
    { IsBackground = true, Name = "worker input" }.Start();
}
