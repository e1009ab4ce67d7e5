using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Where the ledger is, and how long a silent worker keeps its lanes.</summary>
public sealed class LedgerOptions
{
    /// <summary>Section in the configuration.</summary>
    public const string Section = "HrNetBatch:Ledger";

    /// <summary>Npgsql connection string of the PostgreSQL database.</summary>
    [Required(ErrorMessage = "HrNetBatch:Ledger:ConnectionString is not set; `hrnet up` starts a PostgreSQL and prints it.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>How long a lease lasts without renewal.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often a worker renews a lease, and learns that a job is to be cancelled.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LeaseRenewal { get; set; } = TimeSpan.FromSeconds(5);
}
