using System.Security.Cryptography.X509Certificates;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Hosting;

/// <summary>What a local Service Bus serves, and where.</summary>
public sealed record ServiceBusOptions
{
    /// <summary>The name of the key in every example for the emulator.</summary>
    public const string DefaultKeyName = "RootManageSharedAccessKey";

    /// <summary>The key in every example for the emulator. It is no secret: anybody on this machine may know it.</summary>
    public const string DefaultKey = "SAS_KEY_VALUE";

    /// <summary>The queues, topics and subscriptions of the configuration file; others are made at run time.</summary>
    public BrokerDefinition Entities { get; init; } = new();

    /// <summary>The folder that keeps everything, made where it is missing; null: it is kept in memory and ends with the process.</summary>
    public string? Folder { get; init; }

    /// <summary>The port for AMQP and administration, on the loopback addresses only; 0: any free one; null: none. Default: 5672.</summary>
    public int? Port { get; init; } = 5672;

    /// <summary>Another such port, for programs that look for administration on its own; 0: any free one; null: none. Default: none.</summary>
    public int? AdministrationPort { get; init; }

    /// <summary>The port for both over TLS, on the loopback addresses only; 0: any free one; null: none. Default: none.</summary>
    public int? TlsPort { get; init; }

    /// <summary>The certificate for TLS, with its private key; null: a self-signed one, which is kept in the folder. The caller disposes it.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The name of the one key that opens everything.</summary>
    public string KeyName { get; init; } = DefaultKeyName;

    /// <summary>The key.</summary>
    public string Key { get; init; } = DefaultKey;

    /// <summary>The largest message. Default: 256 KB, as in the Standard tier, so that what works here works there.</summary>
    public int MaxMessageBytes { get; init; } = 256 * 1024;

    /// <summary>How much may wait for the disk; clients that send more are told that the server is busy. Default: 256 MB.</summary>
    public long MaxPendingBytes { get; init; } = 256 * 1024 * 1024;
}
