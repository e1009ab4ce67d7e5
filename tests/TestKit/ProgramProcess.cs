using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Xunit;

namespace HrNetBatch.TestKit;

/// <summary>One of our programs as a process of its own, which tests kill, freeze and terminate. Disposing it kills it.</summary>
public sealed partial class ProgramProcess : IDisposable
{
    private const int SignalKill = 9, SignalTerminate = 15, SignalContinue = 18, SignalStop = 19;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();

    private ProgramProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The system's number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>What it wrote so far.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Starts a program that lies beside the test's own.</summary>
    /// <param name="assembly">The file name of its assembly.</param>
    /// <param name="settings">Settings below the section HrNetBatch, as <c>Key=value</c>.</param>
    public static ProgramProcess Start(string assembly, params IEnumerable<string> settings) =>
        StartWith(assembly, settings.Select(setting => $"--HrNetBatch:{setting}"));

    /// <summary>Starts a program that lies beside the test's own.</summary>
    /// <param name="assembly">The file name of its assembly.</param>
    /// <param name="arguments">Its command line.</param>
    public static ProgramProcess StartWith(string assembly, params IEnumerable<string> arguments) =>
        StartIn(new Dictionary<string, string>(), assembly, arguments);

    /// <summary>Starts a program that lies beside the test's own.</summary>
    /// <param name="environment">What its environment has besides the test's.</param>
    /// <param name="assembly">The file name of its assembly.</param>
    /// <param name="arguments">Its command line.</param>
    public static ProgramProcess StartIn(IReadOnlyDictionary<string, string> environment, string assembly, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments]);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Start(start);
    }

    /// <summary>Starts any program.</summary>
    public static ProgramProcess Start(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return new(Process.Start(start)!);
    }

    /// <summary>Whether a process runs; one that ended and was not collected by its new parent does not.</summary>
    public static bool IsAlive(int process) => State(process) is not ('Z' or 'X' or null);

    /// <summary>Whether a process stands still after SIGSTOP.</summary>
    public static bool IsFrozen(int process) => State(process) is 'T';

    /// <summary>Kills any process.</summary>
    public static void Kill(int process) => Signal(process, SignalKill);

    /// <summary>Kills it: it can do nothing about that.</summary>
    public void Kill() => Signal(Id, SignalKill);

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Signal(Id, SignalTerminate);

    /// <summary>Makes it stand still.</summary>
    public void Freeze() => Signal(Id, SignalStop);

    /// <summary>Lets it go on after <see cref="Freeze"/>.</summary>
    public void Continue() => Signal(Id, SignalContinue);

    /// <summary>Waits until it has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await Eventually.TrueAsync(() => _process.HasExited, $"process {Id} ends", TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken); // its last words have arrived
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        TestContext.Current.TestOutputHelper?.WriteLine($"--- log of process {Id}\n{Log}");
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

    private static void Signal(int process, int signal) => Assert.Equal(0, kill(process, signal));

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
