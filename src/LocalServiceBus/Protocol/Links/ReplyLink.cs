using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Amqp.Framing;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client receives the answers of a node to its requests.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Its semaphore has no wait handle.")]
internal sealed class ReplyLink : Link
{
    private readonly Channel<byte[]> _replies = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _credit = new(0);
    private uint _limit;
    private ulong _count;

    public ReplyLink(AmqpSession session, Attach attach, string node, string? address) : base(session, attach.Handle, address) =>
        (Node, ReplyAddress) = (node, (attach.Target as Target)?.Address);

    /// <summary>The node whose answers it carries.</summary>
    public string Node { get; }

    /// <summary>The client's name for it, which requests give as their reply-to; some clients have none.</summary>
    public string? ReplyAddress { get; }

    public void Send(byte[] reply) => _replies.Writer.TryWrite(reply);

    public override void Open(Attach attach)
    {
        Attach answer = Answer(attach, SenderSettleMode.Settled);
        answer.InitialDeliveryCount = 0;
        Session.Write(answer);
        _ = DeliverAsync();
    }

    public override void OnFlow(Flow flow)
    {
        uint limit = flow.DeliveryCount + flow.LinkCredit;
        int more = (int)(limit - _limit);
        if (more <= 0) return;
        _limit = limit;
        _credit.Release(more);
    }

    public override void End() => _replies.Writer.TryComplete();

    private async Task DeliverAsync()
    {
        try
        {
            await foreach (byte[] reply in _replies.Reader.ReadAllAsync(Session.Connection.Ended))
            {
                await _credit.WaitAsync(Session.Connection.Ended);
                await Session.SendAsync(Handle, BitConverter.GetBytes(_count++), reply, null);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left before it read its answers.
        }
    }
}
