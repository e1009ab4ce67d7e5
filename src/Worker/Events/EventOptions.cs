using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker.Events;

/// <summary>How what happens to jobs is published; whereto is among the options of Service Bus.</summary>
public sealed class EventOptions
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Events";

    /// <summary>How often this worker looks for events that nobody has published.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Least time between two events of one job that tell of its progress.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(10);
}
