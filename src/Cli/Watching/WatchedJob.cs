using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Cli.Watching;

/// <summary>A job as last seen, with how fast it advances.</summary>
internal sealed class WatchedJob(Job job, TimeProvider time)
{
    private readonly RateMeter _rate = new(time);

    /// <summary>As last read from the ledger.</summary>
    public Job Job { get; private set; } = job;

    /// <summary>The last point of each of its curves.</summary>
    public IReadOnlyList<MetricPoint> Metrics { get; private set; } = [];

    /// <summary>Done by total, between 0 and 1; null while the total is unknown.</summary>
    public double? Fraction => Job.State == JobState.Succeeded ? 1
        : Job.TotalCount is > 0 and { } total ? Math.Clamp((double)Job.DoneCount / total, 0, 1) : null;

    /// <summary>What it does each second; null unless it advances.</summary>
    public double? PerSecond => Job.State == JobState.Running ? _rate.PerSecond : null;

    /// <summary>Time to the end at this rate; null while unknown.</summary>
    public TimeSpan? Left => PerSecond is not null && Job.TotalCount is { } total ? _rate.Left(total - Job.DoneCount) : null;

    /// <summary>Takes a newer reading.</summary>
    public void Update(Job newer, IReadOnlyList<MetricPoint> metrics)
    {
        Job = newer;
        Metrics = metrics;
        if (newer.State == JobState.Running) _rate.Note(newer.DoneCount);
    }

    /// <summary>What is going on, or why it ended as it did.</summary>
    public string Remark() => Job switch
    {
        { State: JobState.Failed, Error: { } error } => error,
        { State: JobState.Running, CancelRequestedAt: not null } => "stopping, as asked",
        { State: JobState.Scheduled, Error: { } error } => $"tries again at {Job.RunAt.ToLocalTime():HH:mm:ss}: {error}",
        { State: JobState.Scheduled } => $"starts at {Job.RunAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}",
        { State: JobState.Queued, AttemptCount: 0 } => "waits for a worker",
        { State: JobState.Succeeded or JobState.Cancelled } => Took() ?? "",
        _ => Job.Activity ?? "",
    };

    private string? Took() => Job is { StartedAt: { } started, EndedAt: { } ended } ? $"took {Words.Duration(ended - started)}" : null;
}
