namespace HrNetBatch.Jobs.Ledger;

/// <summary>How far a bulk job has come.</summary>
public sealed record UnitCounts
{
    /// <summary>Units planned so far.</summary>
    public long UnitCount { get; init; }

    /// <summary>Units whose part is committed.</summary>
    public long CommittedUnitCount { get; init; }

    /// <summary>Items planned so far.</summary>
    public long ItemCount { get; init; }

    /// <summary>Items in committed units.</summary>
    public long DoneItemCount { get; init; }

    /// <summary>Items that failed.</summary>
    public long FailedItemCount { get; init; }

    /// <summary>Whether the listing is complete, so that <see cref="ItemCount"/> is final.</summary>
    public bool IsPlanComplete { get; init; }
}
