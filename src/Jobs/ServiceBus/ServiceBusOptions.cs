using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>Which Service Bus jobs come from. With neither a connection string nor a namespace it is off.</summary>
public sealed class ServiceBusOptions : IValidatableObject
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "HrNetBatch:ServiceBus";

    /// <summary>A connection string with a shared access key; meant for the local broker and for namespaces that still allow keys.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The namespace's host, such as <c>xyz.servicebus.windows.net</c>, opened with DefaultAzureCredential (managed identity, workload identity, az login).</summary>
    public string? Namespace { get; set; }

    /// <summary>A broker's own certificate (PEM or DER): then only the server that shows it is trusted. Null: those that this machine trusts.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The queue of job messages.</summary>
    [Required(ErrorMessage = "HrNetBatch:ServiceBus:Queue is empty: name the queue of job messages.")]
    public string Queue { get; set; } = "hrnet-jobs";

    /// <summary>The queue or topic that events are sent to; empty: none are sent.</summary>
    public string Events { get; set; } = "hrnet-events";

    /// <summary>Whether there is a Service Bus.</summary>
    public bool IsOn => !string.IsNullOrWhiteSpace(ConnectionString) || !string.IsNullOrWhiteSpace(Namespace);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrWhiteSpace(ConnectionString) && !string.IsNullOrWhiteSpace(Namespace))
            yield return new($"{Section} needs either ConnectionString or Namespace, and not both.");
    }
}
