using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Worker.TestHost;

/// <summary>How an attempt of a <c>behave</c> job behaves.</summary>
public enum Behaviour
{
    /// <summary>Succeeds.</summary>
    Succeed,

    /// <summary>Works until it is told to stop, then hands back or is cancelled as asked.</summary>
    WaitForStop,

    /// <summary>Works for ever, whatever it is told.</summary>
    IgnoreStop,

    /// <summary>Says a last word on standard error and aborts, as native libraries do.</summary>
    Abort,

    /// <summary>Dies by SIGKILL, as when memory runs out.</summary>
    Die,

    /// <summary>Stands still as a whole: not even its heartbeat beats.</summary>
    Freeze,

    /// <summary>Gets no further, while its process and its heartbeat live on.</summary>
    Stall,

    /// <summary>Stands still in the middle of a fenced write, the ledger's rows locked.</summary>
    FreezeInWrite,

    /// <summary>Fails for good.</summary>
    Refuse,

    /// <summary>Blocks every pooled thread for seven seconds, then succeeds.</summary>
    StarveThreads,

    /// <summary>Logs ten thousand lines and prints to standard output, then succeeds.</summary>
    Chatter,

    /// <summary>Counts seven samples in the project's telemetry, then succeeds.</summary>
    Count,

    /// <summary>Writes a metric point over and over, which only a held lease allows.</summary>
    Write,
}

/// <summary>The arguments of a <c>behave</c> job.</summary>
public sealed record BehaveArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "behave";

    /// <summary>What to do.</summary>
    public required Behaviour Do { get; init; }

    /// <summary>The last attempt that behaves so; later ones succeed.</summary>
    public int UntilAttempt { get; init; } = int.MaxValue;
}
