using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;
using Azure.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>Service Bus over AMQP 1.0, by AMQPNetLite: for Azure and for the local broker.</summary>
internal sealed class AmqpServiceBusClient : IServiceBusClient
{
    private const int LongestText = 4096; // of a dead letter's reason and description
    private const int LongestTry = 3;
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(10);

    private readonly Lazy<Endpoint> _endpoint;
    private readonly Lazy<TokenSource> _tokens;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private BrokerConnection? _connection;
    private DateTimeOffset _busyUntil;

    /// <summary>A client of what the options name; nothing is opened yet.</summary>
    public AmqpServiceBusClient(IOptions<ServiceBusOptions> options, TimeProvider time, ILogger<AmqpServiceBusClient> logger)
        : this(options, null, time, logger)
    {
    }

    /// <summary>A client with tokens of the caller's choice.</summary>
    internal AmqpServiceBusClient(IOptions<ServiceBusOptions> options, TokenSource? tokens, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _endpoint = new(() => Endpoint.Of(options.Value), LazyThreadSafetyMode.PublicationOnly);
        _tokens = new(() => tokens ?? (_endpoint.Value is { KeyName: { } name, Key: { } key }
            ? new SharedAccessTokens(name, key, time)
            : new EntraTokens(new DefaultAzureCredential())));
    }

    /// <summary>How connections are made.</summary>
    internal ConnectionFactory Factory { get; } = CreateFactory();

    /// <summary>The connection that stands; null while there is none.</summary>
    internal BrokerConnection? Connection => _connection;

    /// <inheritdoc/>
    public Task SendAsync(string entity, IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation = default) =>
        RunAsync($"Sending to \"{entity}\"", async connection =>
        {
            SenderLink link = await connection.SenderAsync(entity, cancellation);
            await Task.WhenAll(messages.Select(message => SenderLinks.SendAsync(link, MessageCodec.Write(message), _time, cancellation)));
            return true;
        }, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(string entity, int maximumCount, TimeSpan wait, CancellationToken cancellation = default) =>
        RunAsync<IReadOnlyList<ReceivedMessage>>($"Receiving from \"{entity}\"", async connection =>
        {
            Session session = await connection.OpenSessionAsync(entity, cancellation);
            try
            {
                List<Message> messages = await new Reception(session, entity, maximumCount).TakeAsync(wait, _time, cancellation);
                return [.. messages.Select(message => MessageCodec.Read(message, entity))];
            }
            catch (AmqpException exception) when (Failure.IsUnreadable(connection.Error))
            {
                throw new UnreadableMessageException($"Receiving from \"{entity}\": a message cannot be decoded ({exception.Message}).", exception);
            }
        }, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReceivedMessage>> PeekAsync(string entity, long fromSequenceNumber, int maximumCount, CancellationToken cancellation = default) =>
        RunAsync<IReadOnlyList<ReceivedMessage>>($"Looking into \"{entity}\"", async connection =>
        {
            Map? answer = await ManageAsync(
                connection, entity, "peek-message", new() { ["from-sequence-number"] = fromSequenceNumber, ["message-count"] = maximumCount }, cancellation);
            return [.. (answer?["messages"] as List ?? []).OfType<Map>().Select(shown => MessageCodec.Read((byte[])shown["message"], entity))];
        }, cancellation);

    /// <inheritdoc/>
    public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Completing", message, new() { ["disposition-status"] = "completed" }, cancellation);

    /// <inheritdoc/>
    public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Giving back", message, new() { ["disposition-status"] = "abandoned" }, cancellation);

    /// <inheritdoc/>
    public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellation = default) =>
        SettleAsync("Dead-lettering", message, new()
        {
            ["disposition-status"] = "suspended",
            ["deadletter-reason"] = Shortened(reason),
            ["deadletter-description"] = Shortened(description),
        }, cancellation);

    /// <inheritdoc/>
    public Task CheckAsync(string entity, CancellationToken cancellation = default) => PeekAsync(entity, 0, 1, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _connecting.Dispose();
    }

    // Over $management and not by a disposition on the link: the library's dispositions are settled, so that a lost lock stays unsaid.
    private Task<Map?> SettleAsync(string doing, ReceivedMessage message, Map body, CancellationToken cancellation)
    {
        body["lock-tokens"] = new[] { message.LockToken };
        return RunAsync($"{doing} message {message.MessageId} of \"{message.Entity}\"",
            connection => ManageAsync(connection, message.Entity, "update-disposition", body, cancellation), cancellation);
    }

    private static async Task<Map?> ManageAsync(BrokerConnection connection, string entity, string operation, Map body, CancellationToken cancellation)
    {
        RequestLink link = await connection.ManagementAsync(entity, cancellation);
        var properties = new Map
        {
            ["operation"] = $"com.microsoft:{operation}",
            ["com.microsoft:server-timeout"] = (uint)BrokerConnection.AnswerLimit.TotalMilliseconds,
        };
        Message answer = await link.AskAsync(properties, body, cancellation);
        ApplicationProperties? says = answer.ApplicationProperties;
        int status = says?["statusCode"] as int? ?? 0;
        if (status is >= 200 and < 300) return answer.Body as Map;
        throw new AmqpException(new Error((Symbol)(says?["errorCondition"]?.ToString() ?? ErrorCode.InternalError))
        {
            Description = says?["statusDescription"] as string ?? $"The broker answered {status}.",
        });
    }

    // Whatever fails on a connection that had been standing is tried once more on a new one: it may have died unnoticed.
    private async Task<T> RunAsync<T>(string doing, Func<BrokerConnection, Task<T>> operation, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            await WaitWhileBusyAsync(cancellation);
            BrokerConnection? standing = _connection, used = null;
            try
            {
                used = await ConnectAsync(cancellation);
                return await operation(used);
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested && Failure.Of(exception, doing, _endpoint.Value) is { } failure)
            {
                if (failure.Cause == FailureCause.Busy) NoteBusy();
                else if (used is { IsOpen: false } || failure.Cause == FailureCause.Unauthorized || exception is TimeoutException) Drop(used);
                bool again = failure.Cause switch
                {
                    FailureCause.Busy => attempt < LongestTry,
                    FailureCause.Broken or FailureCause.Unauthorized => attempt == 1 && used is not null && used == standing && exception is not UnreadableMessageException,
                    _ => false,
                };
                if (!again) throw failure.Exception;
            }
        }
    }

    private async Task<BrokerConnection> ConnectAsync(CancellationToken cancellation)
    {
        if (_connection is { IsOpen: true } standing) return standing;
        await _connecting.WaitAsync(cancellation);
        try
        {
            if (_connection is { IsOpen: true } other) return other;
            Drop(_connection);
            BrokerConnection opened = await BrokerConnection.OpenAsync(Factory, _endpoint.Value, _tokens.Value, _time, _logger, cancellation);
            _logger.Connected(_endpoint.Value.ToString());
            return _connection = opened;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private void Drop(BrokerConnection? broken)
    {
        if (broken is not null && Interlocked.CompareExchange(ref _connection, null, broken) == broken) _ = broken.DisposeAsync().AsTask();
    }

    private void NoteBusy()
    {
        _busyUntil = _time.GetUtcNow() + BusyPause;
        _logger.Busy(_endpoint.Value.ToString(), BusyPause);
    }

    private Task WaitWhileBusyAsync(CancellationToken cancellation)
    {
        TimeSpan busy = _busyUntil - _time.GetUtcNow();
        return busy > TimeSpan.Zero ? Task.Delay(busy, _time, cancellation) : Task.CompletedTask;
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..(LongestText - 3)] + "...";

    private static ConnectionFactory CreateFactory()
    {
        var factory = new ConnectionFactory();
        factory.AMQP.ContainerId = $"hrnet-{Guid.NewGuid():n}";
        factory.AMQP.MaxFrameSize = 64 * 1024;
        factory.AMQP.IdleTimeout = 120_000; // ms; a broker that falls silent for so long counts as gone
        factory.SASL.Profile = SaslProfile.Anonymous; // the tokens come after
        factory.TCP.NoDelay = true;
        return factory;
    }
}
