using System.Runtime.InteropServices;
using System.Text;
using HrNetBatch.Worker.Protocol;
using Microsoft.Win32.SafeHandles;

namespace HrNetBatch.Worker.Child;

/// <summary>
/// The attempt's way to its worker: the standard output it was started with, for messages only. Whatever else writes to
/// standard output, <c>printf</c> of a native library included, goes to standard error from then on.
/// </summary>
internal sealed partial class ProtocolOutput : IDisposable
{
    private const int StandardOutput = 1, StandardError = 2;

    private readonly StreamWriter _writer;
    private readonly Lock _lock = new();

    private ProtocolOutput(Stream stream) => _writer = new(stream, new UTF8Encoding(false)) { AutoFlush = true };

    /// <summary>Takes standard output for messages; call it before anything can write there.</summary>
    public static ProtocolOutput Take()
    {
        Stream stream = Console.OpenStandardOutput();
        if (!OperatingSystem.IsWindows() && dup(StandardOutput) is var copy and >= 0)
        {
            stream = new FileStream(new SafeFileHandle(copy, ownsHandle: true), FileAccess.Write, bufferSize: 0);
            _ = dup2(StandardError, StandardOutput);
        }
        Console.SetOut(Console.Error);
        return new(stream);
    }

    /// <summary>Writes one message; blocks while the worker does not read. Safe from any thread.</summary>
    public void Send(Message message)
    {
        string line = MessageLine.Format(message);
        lock (_lock)
        {
            try
            {
                _writer.WriteLine(line);
            }
            catch (IOException)
            {
                // The worker is gone; the end of standard input ends this process in the same moment.
            }
        }
    }

    public void Dispose() => _writer.Dispose();

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);

    [LibraryImport("libc")]
    private static partial int dup2(int from, int to);
}
