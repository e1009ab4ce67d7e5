using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>The storage accounts that jobs may name, by alias.</summary>
public sealed class BlobAccountsOptions : IValidatableObject
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "HrNetBatch:Blobs";

    /// <summary>Accounts by alias; aliases ignore case, as environment variables often arrive in capitals.</summary>
    public Dictionary<string, BlobAccountOptions> Accounts { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (alias, account) in Accounts)
        {
            if (string.IsNullOrWhiteSpace(account.ConnectionString) == account.ServiceUri is null)
                yield return new($"{Section}:Accounts:{alias} needs either ConnectionString or ServiceUri, and not both.");
            else if (account.ServiceUri is { } uri && !(uri.IsAbsoluteUri && uri.Scheme is "https" or "http"))
                yield return new($"{Section}:Accounts:{alias}:ServiceUri is '{uri}': an address such as https://ACCOUNT.blob.core.windows.net is needed.");
        }
    }
}

/// <summary>How one storage account is reached: with a connection string, or as whoever the process runs as.</summary>
public sealed class BlobAccountOptions
{
    /// <summary>A connection string with its key; meant for Azurite and for accounts that still allow shared keys.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The account's blob endpoint, opened with DefaultAzureCredential (managed identity, workload identity, az login).</summary>
    public Uri? ServiceUri { get; set; }
}
