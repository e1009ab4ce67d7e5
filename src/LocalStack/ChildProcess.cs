using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HrNetBatch.LocalStack;

/// <summary>
/// A program started by us that writes to a log file, never to our pipes (a server that inherits them keeps whoever waits for
/// their end waiting for ever), and that is told to end when we die without having stopped it.
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SignalKill = 9, SignalTerminate = 15;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromSeconds(5);
    private readonly Process _process;
    private readonly Process? _deathWatch;

    private ChildProcess(Process process, Process? deathWatch, string logFile)
    {
        _process = process;
        _deathWatch = deathWatch;
        Id = process.Id;
        LogFile = logFile;
        Exited = WaitAsync();
    }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>Where its output goes.</summary>
    public string LogFile { get; }

    /// <summary>Completes with the exit code when the program has ended.</summary>
    public Task<int> Exited { get; }

    /// <summary>Starts a program whose output is appended to a log file.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="logFile">Receives standard output and standard error; created when missing.</param>
    /// <param name="environment">Variables set for the program on top of ours.</param>
    /// <exception cref="LocalStackException">This operating system has no POSIX shell.</exception>
    public static ChildProcess Start(
        IReadOnlyList<string> command, string logFile, IReadOnlyDictionary<string, string>? environment = null)
    {
        // What a program of the stack writes is for us alone: its log, and files that it makes without a thought of others.
        Process process = Shell("umask 077; exec \"$@\" >>\"$0\" 2>&1 </dev/null", [Path.GetFullPath(logFile), .. command], environment);
        return new ChildProcess(process, WatchOurDeath(process.Id, SignalTerminate), logFile);
    }

    /// <summary>Runs a program to its end and returns its exit code; its output replaces the log file's content.</summary>
    public static Task<int> RunAsync(
        IReadOnlyList<string> command, string logFile, CancellationToken cancellationToken, string? workingFolder = null) =>
        RunAsync("exec \"$@\" >\"$0\" 2>&1 </dev/null", command, logFile, null, workingFolder, cancellationToken);

    /// <summary>Runs a program to its end and returns its exit code; its output, and that of servers it leaves behind, is appended to the log.</summary>
    public static Task<int> RunAppendingAsync(IReadOnlyList<string> command, string logFile, CancellationToken cancellationToken) =>
        RunAsync("umask 077; exec \"$@\" >>\"$0\" 2>&1 </dev/null", command, logFile, null, null, cancellationToken);

    /// <summary>Runs a program to its end with a text as its standard input, where no list of processes shows it.</summary>
    public static Task<int> RunWithInputAsync(IReadOnlyList<string> command, string input, string logFile, CancellationToken cancellationToken) =>
        RunAsync("umask 077; exec \"$@\" >\"$0\" 2>&1", command, logFile, input, null, cancellationToken);

    private static async Task<int> RunAsync(
        string script, IReadOnlyList<string> command, string logFile, string? input, string? workingFolder, CancellationToken cancellationToken)
    {
        if (!File.Exists(logFile)) PrivateFile.Create(logFile).Dispose(); // for us alone; the shell keeps its mode
        using Process process = Shell(script, [Path.GetFullPath(logFile), .. command], null, input is not null, workingFolder);
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
                process.StandardInput.Close();
            }
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        catch (IOException)
        {
            await process.WaitForExitAsync(cancellationToken);   // it ended without reading: its exit code says more
        }
        return process.ExitCode;
    }

    /// <summary>
    /// Starts a shell that waits for the end of a pipe which only we hold, and then sends a signal: the process
    /// <paramref name="processId"/> does not outlive us, however we die.
    /// </summary>
    internal static Process WatchOurDeath(int processId, int signal) =>
        Shell(
            // The start time tells the process from another one that got its number later.
            """
            exec >/dev/null 2>&1
            trap '' INT
            started() { cut -d ' ' -f 22 "/proc/$1/stat"; }
            born=$(started "$1")
            read -r _
            [ "$born" = "$(started "$1")" ] && kill "-$0" "$1"
            """,
            [$"{signal}", $"{processId}"], hasInput: true);

    /// <summary>Asks a process to end, one that is stopped too; false when there is none.</summary>
    public static bool Terminate(int processId)
    {
        if (Kill(processId, SignalTerminate) != 0) return false;
        _ = Kill(processId, OperatingSystem.IsMacOS() ? 19 : 18); // SIGCONT: a stopped process hears nothing
        return true;
    }

    /// <summary>Ends a process that a killed predecessor of ours left behind.</summary>
    /// <param name="name">What it is, for people.</param>
    /// <param name="processId">The process.</param>
    /// <param name="commandPart">Part of its command line, which tells it from another that got its number.</param>
    /// <param name="limit">How long it may take to end by itself; then it is killed.</param>
    /// <param name="losesWhenKilled">Whether it loses data when killed: it is left alone then.</param>
    /// <param name="report">Hears what is waited for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="LocalStackException">It does not end, and may not be killed.</exception>
    public static async Task EndLeftoverAsync(
        string name, int processId, string commandPart, TimeSpan limit, bool losesWhenKilled, IProgress<string>? report, TimeProvider time, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        bool said = false, killed = false;
        while (IsAlive(processId, commandPart))
        {
            TimeSpan waited = time.GetElapsedTime(started);
            if (waited < limit)
            {
                Terminate(processId);
            }
            else if (losesWhenKilled)
            {
                throw new LocalStackException(
                    $"{name} of an earlier stack (process {processId}) does not end. Look what keeps it; `kill -9 {processId}` ends it, and loses what it has not written.");
            }
            else if (!killed)
            {
                report?.Report($"{name} of an earlier stack (process {processId}) does not end; killing it.");
                Kill(processId, SignalKill);
                killed = true;
            }
            if (!said && waited >= Patience)
            {
                report?.Report($"Waiting for {name} of an earlier stack to end (process {processId}){(losesWhenKilled ? "" : $"; it is killed after {limit.TotalSeconds:0} s")}.");
                said = true;
            }
            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    /// <summary>True while a process with this id lives and its command line contains <paramref name="commandPart"/>.</summary>
    public static bool IsAlive(int processId, string commandPart)
    {
        if (processId <= 0 || Kill(processId, 0) != 0 && Marshal.GetLastPInvokeError() != 1 /* EPERM: it lives, as another user */)
            return false;
        try
        {
            string commandLine = Directory.Exists("/proc/self")
                ? File.ReadAllText($"/proc/{processId}/cmdline").Replace('\0', ' ')
                : ReadCommandLineFromPs(processId);
            return commandLine.Contains(commandPart, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;   // it ended while we looked
        }
    }

    /// <summary>The last lines of a log file, for messages about a program that failed.</summary>
    public static string LastLines(string logFile, int count = 12)
    {
        try
        {
            if (!File.Exists(logFile)) return "(no output)";
            using var stream = new FileStream(logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Seek(-Math.Min(stream.Length, 16 * 1024), SeekOrigin.End);
            using var reader = new StreamReader(stream);
            string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return lines.Length == 0 ? "(no output)" : string.Join('\n', lines[^Math.Min(count, lines.Length)..]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "(it cannot be read)";
        }
    }

    /// <summary>Asks the program to end, and kills it when it has not within the grace time.</summary>
    /// <param name="grace">How long to wait; without a limit when null, for programs that lose data when killed.</param>
    public async Task StopAsync(TimeSpan? grace)
    {
        if (!Exited.IsCompleted) Terminate(Id);
        try
        {
            await (grace is { } limit ? Exited.WaitAsync(limit, TimeProvider.System) : Exited);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
        }
    }

    /// <summary>Stops the program if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromSeconds(20));
        _process.Dispose();
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        EndDeathWatch(_deathWatch);
        return _process.ExitCode;
    }

    /// <summary>Ends a shell of <see cref="WatchOurDeath"/> before its pipe closes, so that it signals nobody.</summary>
    internal static void EndDeathWatch(Process? watch)
    {
        if (watch is null) return;
        watch.Kill();
        watch.Dispose();
    }

    private static Process Shell(
        string script, string[] arguments, IReadOnlyDictionary<string, string>? environment = null, bool hasInput = false, string? workingFolder = null)
    {
        if (OperatingSystem.IsWindows())
            throw new LocalStackException("The local stack runs on Linux and macOS. On Windows, use it inside WSL 2.");
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, .. arguments])
        {
            RedirectStandardInput = hasInput,
            WorkingDirectory = workingFolder ?? "/",
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new LocalStackException("Could not start /bin/sh, which the local stack needs to start its programs.", exception);
        }
    }

    private static string ReadCommandLineFromPs(int processId)
    {
        using Process ps = Process.Start(
            new ProcessStartInfo("ps", ["-o", "args=", "-p", $"{processId}"]) { RedirectStandardOutput = true })!;
        return ps.StandardOutput.ReadToEnd();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
