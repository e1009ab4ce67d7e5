using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>How long a job is tried.</summary>
public sealed class RetryOptions
{
    /// <summary>Section in the configuration.</summary>
    public const string Section = "HrNetBatch:Retry";

    /// <summary>Transient failures at which a job is given up.</summary>
    [Range(1, 1000)]
    public int FailureLimit { get; set; } = 5;

    /// <summary>Lost leases that a job survives.</summary>
    [Range(0, 10_000)]
    public int LostLimit { get; set; } = 20;

    /// <summary>Back-off after the first transient failure; doubles with each.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest back-off.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromMinutes(5);
}
