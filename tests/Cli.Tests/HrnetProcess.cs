using System.Diagnostics;
using System.Text;
using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Tests;

/// <summary>What a command wrote and how it ended.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>The program as a user starts it.</summary>
public sealed class HrnetProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private HrnetProcess(Process process)
    {
        _process = process;
        Collect(_output, handler => process.OutputDataReceived += handler);
        Collect(_error, handler => process.ErrorDataReceived += handler);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Text(_output);

    public string Error => Text(_error);

    public bool HasEnded => _process.HasExited;

    public static HrnetProcess Start(string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hrnet.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return new HrnetProcess(Process.Start(start)!);
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<CommandResult> RunAsync(string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using HrnetProcess process = Start(arguments, environment);
        return await process.EndAsync();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<CommandResult> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CommandResult(_process.ExitCode, Output, Error);
    }

    /// <summary>Asks it to stop, as a supervisor does.</summary>
    public void Terminate() => ChildProcess.Terminate(_process.Id);

    /// <summary>Ends it as the kernel does when memory runs out.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Terminate();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private static void Collect(StringBuilder text, Action<DataReceivedEventHandler> subscribe) => subscribe((_, line) =>
    {
        lock (text) text.AppendLine(line.Data);
    });

    private static string Text(StringBuilder text)
    {
        lock (text) return text.ToString();
    }
}
