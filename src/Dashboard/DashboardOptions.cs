using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Dashboard;

/// <summary>Where the dashboard listens.</summary>
public sealed class DashboardOptions
{
    /// <summary>Section in the configuration.</summary>
    public const string Section = "HrNetBatch:Dashboard";

    /// <summary>Port on 127.0.0.1; 0 takes any free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = 5080;
}
