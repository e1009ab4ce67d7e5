using System.ComponentModel.DataAnnotations;
using System.Net;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Where the ledger is, and how long a silent worker keeps its lanes.</summary>
public sealed class LedgerOptions : IValidatableObject
{
    /// <summary>Section in the configuration.</summary>
    public const string Section = "HrNetBatch:Ledger";

    /// <summary>The PostgreSQL database: an Npgsql connection string, or a URI (<c>postgresql://…</c>).</summary>
    [Required(ErrorMessage = "HrNetBatch:Ledger:ConnectionString is not set; `hrnet up` starts a PostgreSQL and writes it into its stack.json.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>How this process shows PostgreSQL who it is: with the connection string's password (the default), or with tokens of Microsoft Entra.</summary>
    public LedgerAuthentication Authentication { get; set; }

    /// <summary>How long a lease lasts without renewal.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often a worker renews a lease, and learns that a job is to be cancelled.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LeaseRenewal { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LeaseRenewal >= LeaseDuration)
            yield return new($"{Section}:LeaseRenewal is {LeaseRenewal}: less than {Section}:LeaseDuration ({LeaseDuration}) is needed, or every lease ends before it is renewed.");
        if (string.IsNullOrWhiteSpace(ConnectionString))
            yield break;
        if (!TryParse(out NpgsqlConnectionStringBuilder connection, out string fault))
        {
            yield return new($"{Section}:ConnectionString {fault}.");
            yield break;
        }
        if (Authentication != LedgerAuthentication.Entra)
            yield break;
        if (!string.IsNullOrEmpty(connection.Password))
            yield return new($"{Section}:ConnectionString holds a password, and {Section}:Authentication is Entra: take one of them out.");
        if (string.IsNullOrEmpty(connection.Username))
            yield return new($"{Section}:ConnectionString names no Username: with Entra it is the PostgreSQL role that was made for this process's identity.");
        if (connection.SslMode < SslMode.Require && !IsThisMachine(connection.Host))
            yield return new($"{Section}:ConnectionString sends a token to {connection.Host} that anybody on the way could read: add SSL Mode=VerifyFull.");
    }

    private bool TryParse(out NpgsqlConnectionStringBuilder connection, out string fault)
    {
        try
        {
            (connection, fault) = (LedgerAddress.Parse(ConnectionString), "");
            return true;
        }
        catch (FormatException error)
        {
            (connection, fault) = (new(), error.Message);
            return false;
        }
    }

    private static bool IsThisMachine(string? host) =>
        string.IsNullOrEmpty(host) || host == "localhost" || host.StartsWith('/') || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
}

/// <summary>How a process shows PostgreSQL who it is.</summary>
public enum LedgerAuthentication
{
    /// <summary>As the connection string says.</summary>
    Password,

    /// <summary>With tokens of Microsoft Entra for whoever the process runs as (managed identity, workload identity, az login).</summary>
    Entra,
}
