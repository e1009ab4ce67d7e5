using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using HrNetBatch.TestKit;

namespace HrNetBatch.Worker.Tests;

/// <summary>A real worker as a process of its own, with short intervals so that tests are fast.</summary>
internal sealed partial class WorkerProcess : IDisposable
{
    private const int SignalKill = 9, SignalTerminate = 15, SignalContinue = 18, SignalStop = 19;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();

    private WorkerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Log => string.Join('\n', _log);

    /// <summary>Starts a worker on the database.</summary>
    /// <param name="connectionString">The ledger.</param>
    /// <param name="options">Further settings, as <c>Section:Key=value</c> below HrNetBatch.</param>
    public static WorkerProcess Start(string connectionString, params string[] options)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "HrNetBatch.Worker.TestHost.dll");
        string[] settings =
        [
            $"Ledger:ConnectionString={connectionString}",
            "Ledger:LeaseDuration=00:00:03", "Ledger:LeaseRenewal=00:00:00.5",
            "Retry:FirstDelay=00:00:00.1",
            "Worker:Device=cpu", "Worker:Concurrency:behave=2",
            "Worker:Waking:Interval=00:00:00.2", "Worker:Waking:Patience=00:00:03", "Worker:Waking:ScheduleInterval=00:00:00.5",
            "Worker:Supervision:HeartbeatInterval=00:00:00.2",
            .. options,
        ];
        var start = new ProcessStartInfo("dotnet", [program, .. settings.Select(setting => $"--HrNetBatch:{setting}")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new(Process.Start(start)!);
    }

    /// <summary>Whether a process runs; one that ended and was not collected by its new parent does not.</summary>
    public static bool IsAlive(int process) => State(process) is not ('Z' or 'X' or null);

    /// <summary>Whether a process was stopped by SIGSTOP.</summary>
    public static bool IsFrozen(int process) => State(process) is 'T';

    /// <summary>Kills any process.</summary>
    public static void Kill(int process) => Assert.Equal(0, kill(process, SignalKill));

    public void Kill() => Signal(SignalKill);

    public void Terminate() => Signal(SignalTerminate);

    public void Freeze() => Signal(SignalStop);

    public void Continue() => Signal(SignalContinue);

    /// <summary>Waits until it has ended.</summary>
    public async Task<int> ExitAsync()
    {
        await Eventually.TrueAsync(() => _process.HasExited, "the worker ends", TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Signal(SignalKill);
        TestContext.Current.TestOutputHelper?.WriteLine($"--- log of worker {Id}\n{Log}");
        _process.Dispose();
    }

    private static char? State(int process)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Signal(int signal) => Assert.Equal(0, kill(_process.Id, signal));

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
