using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Execution;

/// <summary>What a handler knows of the attempt it runs, and its fenced ways to report; every write fails once the lease is lost.</summary>
public sealed class AttemptContext(AttemptStart start, AttemptStop stop, JobKinds kinds, ProgressStore progress, MetricStore metrics, ILogger logger)
{
    private long _workCount;

    /// <summary>The attempt's claim; its token fences every write.</summary>
    public Lease Lease { get; } = start.Lease;

    /// <summary>The job's arguments as stored.</summary>
    public JsonElement Arguments { get; } = start.Arguments;

    /// <summary>Where the tensors live: <c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device { get; } = start.Device;

    /// <summary>How many processor threads the attempt may use.</summary>
    public int ThreadCount { get; } = start.ThreadCount;

    /// <summary>The span of whoever asked for the job; the default: nobody told.</summary>
    internal ActivityContext Asker { get; } = ActivityContext.TryParse(start.TraceParent, start.TraceState, isRemote: true, out ActivityContext asker) ? asker : default;

    /// <summary>Log lines here carry job and attempt.</summary>
    public ILogger Logger { get; } = logger;

    /// <summary>Why the attempt is asked to stop; null while nobody asked.</summary>
    public StopReason? StopReason => stop.Reason;

    /// <summary>How often the handler has said that it gets on; a process in which this stands still for long is taken for hung.</summary>
    public long WorkCount => Interlocked.Read(ref _workCount);

    /// <summary>Says that the handler gets on: call it for every step of work, and while waiting for others. Costs nothing; safe from any thread.</summary>
    public void Worked() => Interlocked.Increment(ref _workCount);

    /// <summary>The same items, each of which says that the handler gets on.</summary>
    public async IAsyncEnumerable<T> CountingWork<T>(IAsyncEnumerable<T> items)
    {
        await foreach (T item in items)
        {
            Worked();
            yield return item;
        }
    }

    /// <summary>The arguments as the handler's record.</summary>
    /// <exception cref="JobArgumentsException">They do not fit; a permanent failure.</exception>
    public TArguments ArgumentsAs<TArguments>()
        where TArguments : IJobArguments => (TArguments)kinds.Parse(Lease.Kind, Arguments);

    /// <summary>What to return after saving, once stop was requested.</summary>
    public Outcome Stopped(string saved = "interrupted") =>
        stop.Reason == Execution.StopReason.Cancel ? new Outcome.Cancelled() : new Outcome.HandedBack(saved);

    /// <summary>Sets the job's progress: how much of how much, and what is going on, for people.</summary>
    /// <exception cref="LeaseLostException">Another attempt owns the lane now.</exception>
    public Task ReportProgressAsync(long done, long? total, string? activity, CancellationToken cancellation = default)
    {
        Worked();
        return progress.ReportAsync(Lease, done, total, activity, cancellation);
    }

    /// <summary>Makes sure that the attempt still holds its lease, as every fenced write does.</summary>
    /// <exception cref="LeaseLostException">Another attempt owns the lane now.</exception>
    public Task CheckLeaseAsync() => RecordMetricsAsync([], CancellationToken.None);

    /// <summary>Records inputs that could not be used, once each however often they are met.</summary>
    /// <exception cref="LeaseLostException">Another attempt owns the lane now.</exception>
    public Task RecordFailedAsync(IReadOnlyCollection<(string Name, string Reason)> items, CancellationToken cancellation = default) =>
        progress.RecordFailedAsync(Lease, items, cancellation);

    /// <summary>Records metric points; the same name and step again overwrite.</summary>
    /// <exception cref="LeaseLostException">Another attempt owns the lane now.</exception>
    public Task RecordMetricsAsync(IReadOnlyCollection<MetricPoint> points, CancellationToken cancellation = default)
    {
        Worked();
        return metrics.RecordAsync(Lease, points, cancellation);
    }

    /// <summary>Records what a validation found in detail, over the job's report before.</summary>
    /// <exception cref="LeaseLostException">Another attempt owns the lane now.</exception>
    public Task RecordReportAsync(JsonElement report, CancellationToken cancellation = default) => metrics.RecordReportAsync(Lease, report, cancellation);

    /// <summary>All points that the job's attempts have recorded, by step and name.</summary>
    public Task<IReadOnlyList<RecordedPoint>> ReadMetricsAsync(CancellationToken cancellation = default) => metrics.ReadRecordedAsync(Lease.JobId, cancellation);
}
