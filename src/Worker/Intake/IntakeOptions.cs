using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker.Intake;

/// <summary>How this worker takes in job messages; which Service Bus they come from stands in HrNetBatch:ServiceBus.</summary>
public sealed class IntakeOptions
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Worker:Intake";

    /// <summary>Whether this worker takes in messages at all, where there is a Service Bus.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>How many messages it takes at once.</summary>
    [Range(1, 1000)]
    public int BatchCount { get; set; } = 50;

    /// <summary>The longest pause between attempts to reach a broker that is away.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(30);
}
