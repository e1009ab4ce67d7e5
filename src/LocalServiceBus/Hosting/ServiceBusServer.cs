using System.Security.Cryptography.X509Certificates;
using HrNetBatch.LocalServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Protocol.Security;
using HrNetBatch.LocalServiceBus.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HrNetBatch.LocalServiceBus.Hosting;

/// <summary>A Service Bus on this machine, in this process: a broker and the sockets that lead to it.</summary>
public sealed class ServiceBusServer : IAsyncDisposable
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Listener> _listeners = [];
    private readonly Listener? _plain, _alsoPlain, _tls;
    private readonly ServiceBusOptions _options;
    private readonly MessageBroker _broker;
    private readonly AdministrationServer _administration;
    private readonly X509Certificate2? _ownCertificate;

    private ServiceBusServer(ServiceBusOptions options, TimeProvider time, ILogger log)
    {
        _options = options;
        IMessageStore store = options.Folder is null ? new InMemoryStore() : SqliteStore.Open(options.Folder, Fail);
        _broker = Open(options, store, time);
        if (_broker.UnknownEntities is { Count: > 0 } unknown) log.EntitiesWithoutDefinition(string.Join(", ", unknown));
        if (_broker.ChangedEntities is { Count: > 0 } changed) log.EntitiesChangedByConfiguration(string.Join(", ", changed));
        var context = new BrokerContext(
            _broker, new SharedAccessKey(options.KeyName, options.Key), options.MaxMessageBytes, new PendingBytes(options.MaxPendingBytes), time, log);
        _administration = new AdministrationServer(context);
        if (options.TlsPort is not null) Certificate = options.Certificate ?? (_ownCertificate = LocalCertificate.Open(options.Folder, time));
        _plain = Listen(options.Port, null);
        _alsoPlain = Listen(options.AdministrationPort, null);
        _tls = Listen(options.TlsPort, Certificate);

        Listener? Listen(int? port, X509Certificate2? certificate)
        {
            if (port is not { } number) return null;
            var listener = new Listener(number, certificate, context, _administration);
            _listeners.Add(listener);
            return listener;
        }

        void Fail(Exception exception)
        {
            log.StoreFailed(exception);
            _failed.TrySetException(exception);
        }
    }

    /// <summary>The port for plain AMQP and administration; null where there is none.</summary>
    public int? Port => _plain?.Port;

    /// <summary>The other such port; null where there is none.</summary>
    public int? AdministrationPort => _alsoPlain?.Port;

    /// <summary>The port for both over TLS; null where there is none.</summary>
    public int? TlsPort => _tls?.Port;

    /// <summary>The certificate that TLS clients must trust; null without TLS.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>The core, for callers in this process.</summary>
    public MessageBroker Broker => _broker;

    /// <summary>What a client without TLS connects with.</summary>
    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName={_options.KeyName};SharedAccessKey={_options.Key};UseDevelopmentEmulator=true;";

    /// <summary>Fails when the disk failed and the server must be started anew; never ends otherwise.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Starts a server; it serves from when the task ends until it is disposed.</summary>
    /// <exception cref="StoreException">The folder cannot be used.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The port cannot be used.</exception>
    /// <exception cref="BrokerException">An entity cannot be as it is declared.</exception>
    public static async Task<ServiceBusServer> StartAsync(ServiceBusOptions options, ILogger? log = null, TimeProvider? time = null)
    {
        // Taking up a large store takes a while.
        ServiceBusServer server = await Task.Run(() => new ServiceBusServer(options, time ?? TimeProvider.System, log ?? NullLogger.Instance));
        try
        {
            foreach (Listener listener in server._listeners) listener.Start();
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Listener listener in _listeners) await listener.DisposeAsync();
        await _administration.DisposeAsync();
        await _broker.DisposeAsync();
        _ownCertificate?.Dispose();
    }

    private static MessageBroker Open(ServiceBusOptions options, IMessageStore store, TimeProvider time)
    {
        try
        {
            var broker = new MessageBroker(options.Entities, store, MessageRewriter.Content, time);
            foreach (EntitySnapshot entity in broker.List(EntityKind.Queue).Concat(broker.List(EntityKind.Topic)))
            {
                if (entity.Description.Options.MaxMessageKilobytes * 1024 > options.MaxMessageBytes)
                {
                    throw new BrokerException(
                        Refusal.InvalidArgument,
                        $"'{entity.Name}': MaxMessageSizeInKilobytes is {entity.Description.Options.MaxMessageKilobytes}, but this broker takes "
                        + $"{options.MaxMessageBytes / 1024}. Start it with a larger --max-message-kb.");
                }
            }
            return broker;
        }
        catch
        {
            store.DisposeAsync().AsTask().GetAwaiter().GetResult();   // its file stays locked otherwise
            throw;
        }
    }
}
