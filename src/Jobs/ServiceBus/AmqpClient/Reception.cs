using System.Threading.Channels;
using Amqp;
using Amqp.Framing;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>
/// One peek-lock receive, in a session of its own: ending the session is the barrier after which nothing more can arrive, so no
/// message is ever locked for a caller who has left. (A drain would do as well, but the library does not say when it has ended.)
/// </summary>
internal sealed class Reception
{
    private readonly Channel<Message> _arrived = Channel.CreateUnbounded<Message>();
    private readonly Session _session;
    private readonly int _maximumCount;
    private Error? _error;
    private volatile bool _isOver;

    public Reception(Session session, string entity, int maximumCount)
    {
        (_session, _maximumCount) = (session, maximumCount);
        var attach = new Attach
        {
            SndSettleMode = SenderSettleMode.Unsettled,
            RcvSettleMode = ReceiverSettleMode.Second,
            Source = new Source { Address = entity },
            Target = new Target(),
        };
        var link = new ReceiverLink(session, Guid.NewGuid().ToString("n"), attach, null);
        link.AddClosedCallback((_, error) => End(_isOver ? null : error)); // what this side ends ends with an error too
        link.Start(maximumCount, (_, message) => _arrived.Writer.TryWrite(message));
    }

    /// <summary>Waits for the first message, and ends with what else is there.</summary>
    /// <exception cref="AmqpException">The broker refused or ended the link, and no message had come.</exception>
    public async Task<List<Message>> TakeAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellation)
    {
        List<Message> messages = [];
        using (var limit = new CancellationTokenSource(wait, time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation))
        {
            try
            {
                while (messages.Count < _maximumCount && (messages.Count == 0 || _arrived.Reader.TryPeek(out _)))
                    messages.Add(await _arrived.Reader.ReadAsync(either.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
            {
                // The wait is over, or the link is.
            }
        }
        _isOver = true;
        await EndAsync();
        while (_arrived.Reader.TryRead(out Message? late)) messages.Add(late);
        if (messages.Count > 0) return messages; // even when cancelled, or cut off: they are locked for this caller
        cancellation.ThrowIfCancellationRequested();
        return _error is null ? messages : throw new AmqpException(_error);
    }

    private async Task EndAsync()
    {
        try
        {
            await _session.CloseAsync(BrokerConnection.AnswerLimit, null);
        }
        catch (Exception exception) when (exception is AmqpException or TimeoutException or ObjectDisposedException)
        {
            End((exception as AmqpException)?.Error ?? new Error(ErrorCode.ConnectionForced) { Description = exception.Message });
        }
    }

    private void End(Error? error)
    {
        _error ??= error;
        _arrived.Writer.TryComplete();
    }
}
