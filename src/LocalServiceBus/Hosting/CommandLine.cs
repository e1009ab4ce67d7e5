using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HrNetBatch.LocalServiceBus.Configuration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Storage;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.LocalServiceBus.Hosting;

/// <summary>The program: a local Service Bus until it is interrupted.</summary>
internal static class CommandLine
{
    private const int MostMessageKilobytes = 100 * 1024;   // as of the Premium tier
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private static readonly Option<FileInfo?> Config = new("--config")
    {
        Description = "The queues, topics and subscriptions, in the shape of the Service Bus emulator's Config.json. "
            + "Default: none, administration clients make them.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "The folder that keeps entities and messages. Default: none, they end with the process.",
        HelpName = "DIR",
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "The port for plain AMQP and administration on the loopback addresses; 0: any free one.",
        DefaultValueFactory = _ => 5672,
    };

    private static readonly Option<int?> AdministrationPort = new("--administration-port")
    {
        Description = "Serve the same on this port too, for programs that look for administration on a port of its own "
            + "(the emulator's is 5300).",
    };

    private static readonly Option<int?> TlsPort = new("--tls-port") { Description = "Serve the same over TLS too, on this port; 0: any free one." };

    private static readonly Option<FileInfo?> Certificate = new("--certificate")
    {
        Description = "The certificate for TLS with its key, a .pfx file. Default: a self-signed one, made once in the data folder.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> CertificatePassword = new("--certificate-password") { Description = "The .pfx file's password." };

    private static readonly Option<string> KeyName = new("--key-name")
    {
        Description = "The name of the shared access key.",
        DefaultValueFactory = _ => ServiceBusOptions.DefaultKeyName,
    };

    private static readonly Option<string> Key = new("--key")
    {
        Description = "The shared access key.",
        DefaultValueFactory = _ => ServiceBusOptions.DefaultKey,
    };

    private static readonly Option<FileInfo?> KeyFile = new("--key-file")
    {
        Description = "A file that holds the shared access key, in place of --key, which everyone on the machine can see in the list of processes.",
        HelpName = "FILE",
    };

    private static readonly Option<int> MaxMessageKilobytes = new("--max-message-kb")
    {
        Description = "The largest message.",
        DefaultValueFactory = _ => 256,
    };

    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Say who connects and leaves." };

    /// <summary>Runs one command line.</summary>
    /// <returns>0 stopped; 1 failed; 2 the command line, the configuration or the folder cannot be used.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("A durable local Service Bus: queues, topics and administration for Azure Service Bus clients.")
        {
            Config, Data, Port, AdministrationPort, TlsPort, Certificate, CertificatePassword, KeyName, Key, KeyFile, MaxMessageKilobytes, Verbose,
        };
        root.Validators.Add(CheckNumbers);
        root.SetAction(ServeAsync);
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopTimeout };
        try
        {
            ParseResult parsed = root.Parse(arguments);
            int exitCode = await parsed.InvokeAsync(invocation);
            return parsed.Errors.Count == 0 ? exitCode : 2;
        }
        catch (Exception exception) when (exception is ConfigurationException or StoreException or BrokerException or CryptographicException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
        }
        catch (SocketException exception)
        {
            await Console.Error.WriteLineAsync($"The port cannot be used ({exception.Message}). Choose another with --port, or 0 for any free one.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"A file or folder cannot be used: {exception.Message}");
        }
        return 2;
    }

    private static void CheckNumbers(CommandResult parsed)
    {
        foreach (Option option in (Option[])[Port, AdministrationPort, TlsPort, MaxMessageKilobytes])
        {
            (int least, int most) = option == MaxMessageKilobytes ? (1, MostMessageKilobytes) : (0, ushort.MaxValue);
            if (parsed.GetResult(option) is { Implicit: false, Tokens: [{ Value: var typed }] } && long.TryParse(typed, out long number) && (number < least || number > most))
                parsed.AddError($"{option.Name}: a whole number from {least} to {most} is needed, this is '{typed}'.");
        }
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken interrupted)
    {
        using X509Certificate2? certificate = parsed.GetValue(Certificate) is { } file
            ? X509CertificateLoader.LoadPkcs12FromFile(file.FullName, parsed.GetValue(CertificatePassword))
            : null;
        var options = new ServiceBusOptions
        {
            Entities = parsed.GetValue(Config) is { } config ? ConfigurationFile.Read(config.FullName) : new BrokerDefinition(),
            Folder = parsed.GetValue(Data),
            Port = parsed.GetValue(Port),
            AdministrationPort = parsed.GetValue(AdministrationPort),
            TlsPort = parsed.GetValue(TlsPort),
            Certificate = certificate,
            KeyName = parsed.GetRequiredValue(KeyName),
            Key = parsed.GetValue(KeyFile) is { } keyFile ? (await File.ReadAllTextAsync(keyFile.FullName, interrupted)).Trim() : parsed.GetRequiredValue(Key),
            MaxMessageBytes = checked(parsed.GetValue(MaxMessageKilobytes) * 1024),
        };
        using ILoggerFactory logging = LoggerFactory.Create(builder => builder
            .SetMinimumLevel(parsed.GetValue(Verbose) ? LogLevel.Debug : LogLevel.Information)
            .AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss ")));
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(options, logging.CreateLogger("LocalServiceBus"));
        int count = server.Broker.Entities.Count(entity => entity.Kind != EntityKind.DeadLetterQueue);
        Console.WriteLine($"Serving {count} entities, messages in {options.Folder ?? "memory"}. Ctrl-C stops.");
        if (server.TlsPort is { } tlsPort)
            Console.WriteLine($"TLS on port {tlsPort}; clients must trust {(certificate is null ? $"{options.Folder}/certificate.pem" : certificate.Subject)}");
        Console.WriteLine($"Connection string: {(parsed.GetValue(KeyFile) is { } hidden ? server.ConnectionString.Replace(options.Key, $"(in {hidden})", StringComparison.Ordinal) : server.ConnectionString)}");
        Task ended = await Task.WhenAny(server.Failed, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, interrupted));
        return ended == server.Failed ? 1 : 0;
    }
}
