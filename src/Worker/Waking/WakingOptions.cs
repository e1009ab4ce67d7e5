using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker.Waking;

/// <summary>How often a worker looks at the ledger.</summary>
public sealed class WakingOptions
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Worker:Waking";

    /// <summary>How often it looks for jobs that want a worker, and for leases that have expired.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long a wake that led to no claim is looked at, and issued again when it went astray.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the schedules are compared with Hangfire's recurring jobs.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan ScheduleInterval { get; set; } = TimeSpan.FromSeconds(5);
}
