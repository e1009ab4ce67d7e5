using System.IO.Pipelines;
using Amqp.Framing;
using HrNetBatch.LocalServiceBus.Protocol.Links;
using HrNetBatch.LocalServiceBus.Protocol.Security;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>One client: its frames are read one after the other; what it is told goes out through one writer.</summary>
internal sealed class AmqpConnection : IDisposable
{
    /// <summary>After how long without a frame a client counts as gone.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    private readonly FrameReader _reader;
    private readonly Dictionary<ushort, AmqpSession> _sessions = [];
    private readonly CancellationTokenSource _ended = new();
    private TimeSpan? _clientIdleTimeout;
    private long _lastReceived;
    private bool _isOpen;
    private Error? _error;

    public AmqpConnection(Stream stream, PipeReader input, BrokerContext context)
    {
        Context = context;
        _reader = new FrameReader(input);
        Writer = new FrameWriter(stream);
        Claims = new Claims(context.Time);
        Transactions = new ActiveTransactions(context);
        _lastReceived = context.Time.GetTimestamp();
    }

    public BrokerContext Context { get; }

    public FrameWriter Writer { get; }

    public Claims Claims { get; }

    public ActiveTransactions Transactions { get; }

    /// <summary>Guards what the reading loop and the loops of the links share.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The largest frame that the client takes.</summary>
    public int MaxFrameBytes { get; private set; } = 512;

    /// <summary>Cancelled when the connection ends.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Serves the client until it leaves, breaks the protocol, or the server stops.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, Ended);
        Task writing = Writer.RunAsync(CancellationToken.None);   // so that the last word is still said; disposing the stream ends it
        Task watching = WatchAsync(linked.Token);
        try
        {
            await ServeAsync(linked.Token);
        }
        catch (WireException exception)
        {
            _error = Performatives.Error(exception.Condition, exception.Message);
        }
        catch (OperationCanceledException)
        {
            _error ??= Performatives.Error("amqp:connection:forced", "The broker stops.");
        }
        finally
        {
            foreach (AmqpSession session in _sessions.Values) session.End();
            if (_isOpen) Writer.Write(Frame.Amqp, 0, _error is null ? new Close() : new Close { Error = _error });
            Writer.End();
            await FlushAsync(writing);
            await _ended.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Finds a link over which the client receives, in any of its sessions.</summary>
    public DeliveryLink? FindDeliveryLink(string name)
    {
        AmqpSession[] sessions;
        lock (Gate) sessions = [.. _sessions.Values];
        return sessions.SelectMany(session => session.Links).OfType<DeliveryLink>().FirstOrDefault(link => link.Name == name);
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        using (var handshake = new CancellationTokenSource(HandshakeTimeout, Context.Time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(handshake.Token, cancellationToken))
        {
            (bool goesOn, bool isAuthorized) = await new Handshake(_reader, Writer, Context.Key).RunAsync(either.Token);
            if (!goesOn) return;
            if (isAuthorized) Claims.Add("", DateTimeOffset.MaxValue);
        }
        while (await _reader.ReadFrameAsync(cancellationToken) is { } frame)
        {
            Volatile.Write(ref _lastReceived, Context.Time.GetTimestamp());
            if (frame.Type != Frame.Amqp) throw new WireException(WireException.FramingError, $"A frame of type {frame.Type}.");
            object? performative = Performatives.Read(frame.Body, out ArraySegment<byte> payload);
            if (performative is Close) return;
            if (performative is not null) Handle(frame.Channel, performative, payload);
        }
    }

    private void Handle(ushort channel, object performative, ArraySegment<byte> payload)
    {
        AmqpSession? session = null;
        switch (performative)
        {
            case Open open:
                OnOpen(open);
                break;
            case Begin when _sessions.ContainsKey(channel):
                throw new WireException(WireException.NotAllowed, $"Channel {channel} has a session already.");
            case Begin begin:
                lock (Gate) _sessions.Add(channel, new AmqpSession(this, channel, begin));
                break;
            case not (Open or Begin) when !_sessions.TryGetValue(channel, out session):
                throw new WireException(WireException.NotAllowed, $"Channel {channel} has no session.");
            case End:
                lock (Gate) _sessions.Remove(channel);
                session!.End();
                Writer.Write(Frame.Amqp, channel, new End());
                break;
            default:
                session!.Handle(performative, payload);
                break;
        }
    }

    private void OnOpen(Open open)
    {
        const int MaxFrameField = 2, IdleField = 4;
        MaxFrameBytes = open.HasField(MaxFrameField) ? (int)Math.Min(open.MaxFrameSize, FrameReader.MaxFrameSize) : FrameReader.MaxFrameSize;
        if (open.HasField(IdleField) && open.IdleTimeOut > 0) _clientIdleTimeout = TimeSpan.FromMilliseconds(open.IdleTimeOut);
        Writer.Write(Frame.Amqp, 0, new Open
        {
            ContainerId = "hrnet-local-service-bus",
            MaxFrameSize = FrameReader.MaxFrameSize,
            ChannelMax = ushort.MaxValue,
            IdleTimeOut = (uint)(IdleTimeout.TotalMilliseconds / 2),   // clients may wait half as long as we do
        });
        _isOpen = true;
    }

    // Heartbeats for the client, an end for clients that fell silent and for links whose token ended.
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchInterval, Context.Time);
        (int count, long since) = (-1, Context.Time.GetTimestamp());
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (Writer.Count != count) (count, since) = (Writer.Count, Context.Time.GetTimestamp());
            if (_isOpen && Context.Time.GetElapsedTime(since) > _clientIdleTimeout / 3) Writer.Write(Frame.Amqp, 0, null);
            if (Context.Time.GetElapsedTime(Volatile.Read(ref _lastReceived)) > IdleTimeout)
            {
                _error = Performatives.Error("amqp:resource-limit-exceeded", $"No frame came for {IdleTimeout.TotalMinutes} minutes.");
                await _ended.CancelAsync();
                return;
            }
            Transactions.DropOverdue();
            AmqpSession[] sessions;
            lock (Gate) sessions = [.. _sessions.Values];
            foreach (AmqpSession session in sessions) session.CloseUnauthorizedLinks();
        }
    }

    // A client that does not read must not keep its connection for ever.
    private static async Task FlushAsync(Task writing)
    {
        try
        {
            await writing.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or TimeoutException or ObjectDisposedException)
        {
            // It is gone, or as good as gone.
        }
    }
}
