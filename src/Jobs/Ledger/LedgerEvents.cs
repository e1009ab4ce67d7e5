using HrNetBatch.Jobs.Telemetry;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>What the ledger's committed facts mean in metrics.</summary>
internal static class LedgerEvents
{
    public static void Claimed(Lease lease, TimeSpan wait) =>
        HrNetTelemetry.JobWait.Record(wait.TotalSeconds, Tag("hrnetbatch.job.kind", lease.Kind));

    public static void Lost(IReadOnlyList<LostAttempt> lost)
    {
        foreach (LostAttempt attempt in lost)
            HrNetTelemetry.LeasesLost.Add(1, Tag("hrnetbatch.job.kind", attempt.Kind));
    }

    public static void Ended(Job job, Attempt attempt, bool jobEnded)
    {
        HrNetTelemetry.AttemptDuration.Record(
            (attempt.EndedAt!.Value - attempt.StartedAt).TotalSeconds,
            Tag("hrnetbatch.job.kind", job.Kind),
            Tag("hrnetbatch.attempt.outcome", attempt.Outcome!));
        if (jobEnded)
        {
            HrNetTelemetry.JobDuration.Record(
                (job.EndedAt!.Value - job.StartedAt!.Value).TotalSeconds,
                Tag("hrnetbatch.job.kind", job.Kind),
                Tag("hrnetbatch.job.state", job.State.ToString()));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
