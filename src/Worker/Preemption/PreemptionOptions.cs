using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker.Preemption;

/// <summary>How a worker learns, before it is told to stop, that its machine will be taken away.</summary>
public sealed class PreemptionOptions : IValidatableObject
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Preemption";

    /// <summary>Who tells: nobody (the default), or Azure's Scheduled Events, on virtual machines and the nodes of AKS.</summary>
    public PreemptionSource Source { get; set; }

    /// <summary>Where a machine of Azure asks about itself.</summary>
    [Required]
    public Uri Address { get; set; } = new("http://169.254.169.254");

    /// <summary>How often it asks; a machine may be gone 30 s after the notice.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether the worker tells Azure, once it has handed back, not to wait any longer. Only where nothing else on the machine
    /// needs the time that is left.
    /// </summary>
    public bool Acknowledge { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is { IsAbsoluteUri: false } or { Scheme: not ("http" or "https") })
            yield return new($"{Section}:Address is '{Address}': an address such as http://169.254.169.254 is needed.");
    }
}

/// <summary>Who tells a worker that its machine will be taken away.</summary>
public enum PreemptionSource
{
    /// <summary>Nobody: SIGTERM comes, or nothing.</summary>
    None,

    /// <summary>Azure's Scheduled Events.</summary>
    ScheduledEvents,
}
