namespace HrNetBatch.Jobs.Ledger;

/// <summary>One execution of a job, for status pages; its token stays in the ledger.</summary>
public sealed record Attempt
{
    /// <summary>Number, from 1.</summary>
    public int Number { get; init; }

    /// <summary>Lane, from 0.</summary>
    public int Lane { get; init; }

    /// <summary>Name of the worker that ran it.</summary>
    public string Worker { get; init; } = "";

    /// <summary>Device it ran on.</summary>
    public string Device { get; init; } = "";

    /// <summary>When it claimed the lane.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When its lease runs out unless renewed.</summary>
    public DateTimeOffset LeaseExpiresAt { get; init; }

    /// <summary>When it ended; null while live.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Name of its outcome; null while live.</summary>
    public string? Outcome { get; init; }

    /// <summary>Why it failed or was handed back.</summary>
    public string? Error { get; init; }
}
