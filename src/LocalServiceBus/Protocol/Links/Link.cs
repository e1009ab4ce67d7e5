using Amqp.Framing;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>One direction of messages between a client and a node of the broker.</summary>
/// <param name="session">Its session.</param>
/// <param name="handle">Its number there; the broker uses the client's.</param>
/// <param name="address">The address that needs a token; null for the node that takes tokens.</param>
internal abstract class Link(AmqpSession session, uint handle, string? address)
{
    public AmqpSession Session { get; } = session;

    public uint Handle { get; } = handle;

    public string? Address { get; } = address;

    /// <summary>Answers the client's attach, at once or when the link can be opened.</summary>
    public abstract void Open(Attach attach);

    /// <summary>The client gives or takes credit.</summary>
    public abstract void OnFlow(Flow flow);

    /// <summary>A part of a message came.</summary>
    public virtual void OnTransfer(Transfer transfer, ArraySegment<byte> payload)
    {
    }

    /// <summary>The link is gone. Called once at least.</summary>
    public virtual void End()
    {
    }

    /// <summary>The client's attach as the other side says it.</summary>
    protected Attach Answer(Attach attach, SenderSettleMode senderMode) => new()
    {
        LinkName = attach.LinkName,
        Handle = Handle,
        Role = !attach.Role,
        SndSettleMode = senderMode,
        RcvSettleMode = attach.RcvSettleMode,
        Source = attach.Source,
        Target = attach.Target,
    };
}
