namespace HrNetBatch.Jobs.Ledger;

/// <summary>An attempt's claim on one lane of a job.</summary>
/// <param name="Token">Fences every write of the attempt.</param>
/// <param name="JobId">The job.</param>
/// <param name="Kind">The job's kind.</param>
/// <param name="Attempt">Number of the attempt, from 1, over all lanes.</param>
/// <param name="Lane">Lane, from 0.</param>
public sealed record Lease(Guid Token, Guid JobId, string Kind, int Attempt, int Lane);

/// <summary>What a renewal found.</summary>
public enum LeaseStatus
{
    /// <summary>Renewed; carry on.</summary>
    Held,

    /// <summary>Renewed, but the job is to be cancelled: stop, and end as cancelled.</summary>
    CancelRequested,

    /// <summary>Renewed, but the job has ended, through another lane: stop.</summary>
    JobEnded,

    /// <summary>Not renewed: the lane may belong to somebody else. Kill the attempt.</summary>
    Lost,
}

/// <summary>A write was refused because the attempt no longer holds its lease.</summary>
/// <param name="token">The lease's token.</param>
public sealed class LeaseLostException(Guid token)
    : Exception($"The lease {token} has expired or ended: another attempt may own the lane, so this write was refused. Stop the attempt; nothing is lost.");
