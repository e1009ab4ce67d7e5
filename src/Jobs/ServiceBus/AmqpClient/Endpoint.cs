using System.Globalization;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>Where a Service Bus listens, and the key that opens it.</summary>
/// <param name="Host">The host's name or address.</param>
/// <param name="Port">The port for AMQP.</param>
/// <param name="UsesTls">False for a local broker only.</param>
/// <param name="KeyName">The name of the shared access key; null: a token of Entra ID opens it.</param>
/// <param name="Key">The shared access key.</param>
internal sealed record Endpoint(string Host, int Port, bool UsesTls, string? KeyName, string? Key)
{
    private const int TlsPort = 5671, PlainPort = 5672;
    private const string Setting = ServiceBusOptions.Section + ":ConnectionString";

    /// <summary>What the tokens for an address are for, and what its links are attached to.</summary>
    public string Audience(string address) => Port is TlsPort ? $"sb://{Host}/{address}" : string.Create(CultureInfo.InvariantCulture, $"sb://{Host}:{Port}/{address}");

    /// <summary>For people; never with the key.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>The endpoint that the options name.</summary>
    /// <exception cref="ServiceBusException">They name none, or cannot be read; the message never repeats a key.</exception>
    public static Endpoint Of(ServiceBusOptions options)
    {
        if (!options.IsOn)
            throw Fault($"Service Bus is off: set {Setting}, or {ServiceBusOptions.Section}:Namespace (`hrnet up` starts a local one).");
        return string.IsNullOrWhiteSpace(options.ConnectionString) ? OfNamespace(options.Namespace!) : Parse(options.ConnectionString);
    }

    private static Endpoint OfNamespace(string name)
    {
        if (Uri.CheckHostName(name) is UriHostNameType.Unknown)
            throw Fault($"{ServiceBusOptions.Section}:Namespace is \"{name}\"; a host name such as xyz.servicebus.windows.net is needed.");
        return new(name, TlsPort, UsesTls: true, null, null);
    }

    private static Endpoint Parse(string connectionString)
    {
        Uri? address = null;
        string? keyName = null, key = null;
        bool isEmulator = false;
        foreach (string part in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            switch (pair[0].ToUpperInvariant())
            {
                case "ENDPOINT" when pair.Length == 2 && Uri.TryCreate(pair[1], UriKind.Absolute, out address) && address.Host.Length > 0:
                    break;
                case "SHAREDACCESSKEYNAME" when pair.Length == 2:
                    keyName = pair[1];
                    break;
                case "SHAREDACCESSKEY" when pair.Length == 2:
                    key = pair[1];
                    break;
                case "USEDEVELOPMENTEMULATOR" when pair.Length == 2 && bool.TryParse(pair[1], out isEmulator):
                    break;
                case "ENTITYPATH":
                    break; // which queue is used stands in a setting of its own
                default:
                    throw Fault($"{Setting} has a part \"{pair[0]}\" that cannot be used. Known are Endpoint=sb://host/, SharedAccessKeyName, "
                        + "SharedAccessKey, EntityPath and UseDevelopmentEmulator=true.");
            }
        }
        if (address is null || string.IsNullOrEmpty(keyName) || string.IsNullOrEmpty(key))
        {
            throw Fault($"{Setting} lacks {(address is null ? "Endpoint=sb://host/" : string.IsNullOrEmpty(keyName) ? "SharedAccessKeyName" : "SharedAccessKey")}. "
                + $"To sign in with Entra ID instead, set {ServiceBusOptions.Section}:Namespace.");
        }
        int port = !address.IsDefaultPort && address.Port > 0 ? address.Port : isEmulator ? PlainPort : TlsPort;
        return new(address.Host, port, UsesTls: !isEmulator, keyName, key);
    }

    private static ServiceBusException Fault(string message) => new(message, isTransient: false);
}
