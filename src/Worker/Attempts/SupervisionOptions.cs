using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker.Attempts;

/// <summary>How closely a worker watches its attempts, and how long it waits before it kills one.</summary>
public sealed class SupervisionOptions : IValidatableObject
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Worker:Supervision";

    /// <summary>Time to end a killed attempt in the ledger before the worker itself has to be gone.</summary>
    public static readonly TimeSpan EndMargin = TimeSpan.FromSeconds(5);

    /// <summary>How often the attempt's process says that it lives.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which the attempt's process counts as hung and is killed; the attempt is then retried.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan HeartbeatTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The same before the process has said anything: starting takes longer where many processes share a core.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a handler may work on one step (an optimizer step, a batch, an image) without getting on, before it counts as hung
    /// although its process lives; the attempt is then killed and retried.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "2.00:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a cancelled attempt may take to stop before it is killed.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an attempt may take to save what it has when the worker is told to stop.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan HandBackGrace { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an attempt may take to stop when its lease is lost or its job has ended: there is nothing left to save.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan LostGrace { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a process that has told its outcome may take to exit.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ExitGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HeartbeatInterval >= HeartbeatTimeout)
            yield return new($"{Section}:HeartbeatInterval is {HeartbeatInterval}: less than {Section}:HeartbeatTimeout ({HeartbeatTimeout}) is needed, or every attempt is killed as hung.");
    }
}
