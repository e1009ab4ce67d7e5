using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>The SDK's client of the Service Bus that the options name.</summary>
/// <param name="Client">The client; it connects when it is used.</param>
/// <param name="Endpoint">Where, for people; never with the key.</param>
internal sealed record BusConnection(ServiceBusClient Client, string Endpoint)
{
    private const string Setting = ServiceBusOptions.Section + ":ConnectionString";
    private const int TlsPort = 5671, PlainPort = 5672;

    /// <summary>A client of what the options name.</summary>
    /// <exception cref="MessageBusException">They name nothing, or cannot be read; the message never repeats a key.</exception>
    public static BusConnection Open(ServiceBusOptions options, Lazy<TokenCredential> credential)
    {
        if (!options.IsOn)
            throw Fault($"Service Bus is off: set {Setting}, or {ServiceBusOptions.Section}:Namespace (`hrnet up` starts a local one).");
        return string.IsNullOrWhiteSpace(options.ConnectionString) ? OfNamespace(options, credential) : OfConnectionString(options);
    }

    private static BusConnection OfNamespace(ServiceBusOptions options, Lazy<TokenCredential> credential)
    {
        string name = options.Namespace!;
        if (Uri.CheckHostName(name) is UriHostNameType.Unknown)
            throw Fault($"{ServiceBusOptions.Section}:Namespace is \"{name}\"; a host name such as xyz.servicebus.windows.net is needed.");
        return new(new ServiceBusClient(name, credential.Value, ClientOptions(options)), $"{name}:{TlsPort}");
    }

    private static BusConnection OfConnectionString(ServiceBusOptions options)
    {
        Uri address = Address(options.ConnectionString!, out bool isEmulator);
        int port = address.Port > 0 ? address.Port : isEmulator ? PlainPort : TlsPort;
        ServiceBusClientOptions clientOptions = ClientOptions(options);
        if (!isEmulator && port != TlsPort)
            clientOptions.CustomEndpointAddress = new UriBuilder(address) { Port = port }.Uri; // the SDK forgets it where there is TLS
        string endpoint = string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{port}");
        return new(new ServiceBusClient(options.ConnectionString, clientOptions), endpoint);
    }

    private static Uri Address(string connectionString, out bool isEmulator)
    {
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = connectionString };
            string? Part(string name) => parts.TryGetValue(name, out object? value) && value is string { Length: > 0 } text ? text : null;

            string? lacking = Part("Endpoint") is null ? "Endpoint=sb://host/"
                : Part("SharedAccessSignature") is not null ? null
                : Part("SharedAccessKeyName") is null ? "SharedAccessKeyName" : Part("SharedAccessKey") is null ? "SharedAccessKey" : null;
            if (lacking is not null)
                throw Fault($"{Setting} lacks {lacking}. To sign in with Entra ID instead, set {ServiceBusOptions.Section}:Namespace.");
            isEmulator = bool.TryParse(Part("UseDevelopmentEmulator"), out bool value) && value;
            _ = ServiceBusConnectionStringProperties.Parse(connectionString);
            return new(Part("Endpoint")!, UriKind.Absolute);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw Fault($"{Setting} cannot be read. What is needed is Endpoint=sb://host/;SharedAccessKeyName=…;SharedAccessKey=…, "
                + "with UseDevelopmentEmulator=true for a broker without TLS.");
        }
    }

    private static ServiceBusClientOptions ClientOptions(ServiceBusOptions options)
    {
        var clientOptions = new ServiceBusClientOptions
        {
            Identifier = $"hrnet-{Guid.NewGuid():n}",
            RetryOptions = new ServiceBusRetryOptions { CustomRetryPolicy = new BusRetries() },
        };
        if (!string.IsNullOrWhiteSpace(options.CertificateFile))
        {
            byte[] trusted = Certificate(options.CertificateFile);
            clientOptions.CertificateValidationCallback = (_, shown, _, _) => shown is not null && trusted.AsSpan().SequenceEqual(shown.GetRawCertData());
        }
        return clientOptions;
    }

    private static byte[] Certificate(string file)
    {
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(file);
            return certificate.RawData;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Fault(
                $"{ServiceBusOptions.Section}:CertificateFile names {file}, from which no certificate can be read ({BusFailure.FirstLine(exception)}).");
        }
    }

    private static MessageBusException Fault(string message) => new(message, isTransient: false);
}
