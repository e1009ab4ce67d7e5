namespace HrNetBatch.Worker.Attempts;

/// <summary>How a process ended, in words that say where to look next.</summary>
internal static class ExitStatus
{
    private const int SignalBase = 128; // .NET, as a shell, reports death by signal N as 128 + N

    public static string Describe(int exitCode) => (exitCode - SignalBase) switch
    {
        4 => "was ended by an illegal instruction (SIGILL): this libtorch may need a newer processor",
        6 => "aborted (SIGABRT): a native library gave up",
        7 => "was ended by a bus error (SIGBUS): a full disk or shared memory is the usual cause",
        9 => "was killed (SIGKILL): out of memory is the usual cause, see the kernel's log and lower the batch size",
        11 => "crashed in native code (SIGSEGV)",
        15 => "was terminated (SIGTERM)",
        > 0 and < 65 => $"was ended by signal {exitCode - SignalBase}",
        _ => $"ended with exit code {exitCode} and no outcome",
    };
}
