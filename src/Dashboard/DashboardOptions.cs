using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Dashboard;

/// <summary>Where the dashboard listens, and for whom.</summary>
public sealed class DashboardOptions : IValidatableObject
{
    /// <summary>Section in the configuration.</summary>
    public const string Section = "HrNetBatch:Dashboard";

    /// <summary>The port; 0 takes any free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = 5080;

    /// <summary>Who may look; by default only programs of this machine.</summary>
    public DashboardAccess Access { get; set; }

    /// <summary>The names under which browsers know this dashboard, such as <c>NAME.internal.DOMAIN</c>; needed where a network may look.</summary>
    public IReadOnlyList<string> HostNames { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Access == DashboardAccess.Network && HostNames.Count == 0)
            yield return new($"{Section}:{nameof(Access)} is Network: name the dashboard's host in {Section}:{nameof(HostNames)}:0, so that no web page can reach it under another name.");
    }
}

/// <summary>Who may look at the dashboard. It has no sign-in of its own.</summary>
public enum DashboardAccess
{
    /// <summary>Programs of this machine; it listens on 127.0.0.1 only.</summary>
    Loopback,

    /// <summary>Whoever reaches the port: only for private networks.</summary>
    Network,

    /// <summary>Whoever has signed in at the platform in front of it: Azure's built-in authentication says so in a header, and takes that header out of what comes from outside.</summary>
    SignedIn,
}
