using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HrNetBatch.Jobs.Telemetry;

/// <summary>Every instrument of the project; docs/telemetry.md describes them. Job ids go on spans and logs, never on metrics.</summary>
public static class HrNetTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "HrNetBatch";

    /// <summary>The meter.</summary>
    public static Meter Meter { get; } = new(Name);

    /// <summary>The source of spans.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    // Jobs last from seconds to weeks; OpenTelemetry's own boundaries end at 10,000.
    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800],
    };

    /// <summary>First claim to the end of the job.</summary>
    public static Histogram<double> JobDuration { get; } =
        Meter.CreateHistogram<double>("hrnetbatch.job.duration", "s", "Time from a job's first claim to its end.", tags: null, Durations);

    /// <summary>Due to claimed.</summary>
    public static Histogram<double> JobWait { get; } =
        Meter.CreateHistogram<double>("hrnetbatch.job.wait", "s", "Time from a job being due to a claim of one of its lanes.", tags: null, Durations);

    /// <summary>Claim to the end of the attempt.</summary>
    public static Histogram<double> AttemptDuration { get; } =
        Meter.CreateHistogram<double>("hrnetbatch.attempt.duration", "s", "Time from an attempt's claim to its end.", tags: null, Durations);

    /// <summary>Leases that expired.</summary>
    public static Counter<long> LeasesLost { get; } =
        Meter.CreateCounter<long>("hrnetbatch.lease.lost", "{lease}", "Leases that expired because their worker fell silent.");

    /// <summary>Samples that went through an optimizer step.</summary>
    public static Counter<long> TrainSamples { get; } =
        Meter.CreateCounter<long>("hrnetbatch.train.samples", "{sample}", "Samples that went through an optimizer step.");

    /// <summary>Images that were classified or failed.</summary>
    public static Counter<long> ClassifyItems { get; } =
        Meter.CreateCounter<long>("hrnetbatch.classify.items", "{item}", "Images of committed units, by result.");

    /// <summary>Events that reached Service Bus.</summary>
    public static Counter<long> EventsPublished { get; } =
        Meter.CreateCounter<long>("hrnetbatch.events.published", "{event}", "What happened to jobs, as far as Service Bus has confirmed it.");

    /// <summary>Job messages that were taken from the queue.</summary>
    public static Counter<long> IntakeMessages { get; } =
        Meter.CreateCounter<long>("hrnetbatch.intake.messages", "{message}", "Job messages that were taken from the queue, by result.");
}
