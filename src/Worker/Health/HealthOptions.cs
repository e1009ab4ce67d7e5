using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Worker.Health;

/// <summary>Where a worker tells a container platform how it is.</summary>
public sealed class HealthOptions
{
    /// <summary>The configuration section that holds them.</summary>
    public const string Section = "HrNetBatch:Health";

    /// <summary>The port of <c>/healthz/live</c> and <c>/healthz/ready</c>; 0 takes any free one, and without a port there is no endpoint (the default).</summary>
    [Range(0, 65_535)]
    public int? Port { get; set; }

    /// <summary>Who can ask.</summary>
    public HealthAddress Address { get; set; }
}

/// <summary>Who can ask a worker how it is.</summary>
public enum HealthAddress
{
    /// <summary>Programs of this machine.</summary>
    Loopback,

    /// <summary>Whoever reaches the port: what the probes of a container need.</summary>
    Any,
}
