using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Stack;

/// <summary>The worker or the dashboard as a process of its own.</summary>
internal sealed class HostedProgram(
    string name, string[] command, string logFile, IReadOnlyDictionary<string, string> environment, Func<CancellationToken, Task<bool>> isReady)
    : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    // Longer than a worker needs to hand its attempts back.
    internal static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(45);
    private ChildProcess? _process;

    /// <summary>Its name, for people.</summary>
    public string Name => name;

    /// <summary>The process id; 0 before the start.</summary>
    public int ProcessId => _process?.Id ?? 0;

    /// <summary>Where its output goes.</summary>
    public string LogFile => logFile;

    /// <summary>Completes when the process has ended.</summary>
    public Task Exited => _process!.Exited;

    /// <summary>Starts the program and waits until it is ready for work.</summary>
    /// <exception cref="LocalStackException">It ended instead, or is not ready in time; the message holds its last lines.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_process is not null) await _process.DisposeAsync();
        File.Delete(logFile + ".old");
        if (File.Exists(logFile)) File.Move(logFile, logFile + ".old");
        _process = ChildProcess.Start(command, logFile, environment);
        long started = TimeProvider.System.GetTimestamp();
        while (!await isReady(cancellationToken))
        {
            if (_process.Exited.IsCompleted)
                throw Failed($"The {name} ended with exit code {await _process.Exited} while it started.");
            if (TimeProvider.System.GetElapsedTime(started) > StartLimit)
                throw Failed($"The {name} is not ready after {StartLimit.TotalSeconds:0} s.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        await _process.StopAsync(StopLimit);
        await _process.DisposeAsync();
    }

    private LocalStackException Failed(string what) => new($"{what} The end of {logFile}:\n{ChildProcess.LastLines(logFile)}");
}
