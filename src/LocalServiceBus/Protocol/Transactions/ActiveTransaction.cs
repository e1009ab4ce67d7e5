using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Protocol.Transactions;

/// <summary>A transaction that a client declared and has not ended yet.</summary>
/// <param name="id">What the client calls it.</param>
/// <param name="endsAt">When the broker gives it up.</param>
internal sealed class ActiveTransaction(byte[] id, DateTimeOffset endsAt)
{
    private readonly Lock _gate = new();
    private readonly List<Action> _committed = [];
    private (string Entity, AmqpSession Session)? _first;

    public byte[] Id { get; } = id;

    public DateTimeOffset EndsAt { get; } = endsAt;

    /// <summary>What it does when it is committed.</summary>
    public Transaction Work { get; } = new();

    /// <summary>
    /// Checks that work on an entity may be a part of it. The first piece of work ties it to its entity. After that, links of other
    /// sessions may do no more than work on the same one; links of the same session (what clients make of "cross-entity transactions")
    /// may send elsewhere too, but not receive elsewhere.
    /// </summary>
    /// <exception cref="BrokerException">It may not.</exception>
    public void Join(Entity entity, AmqpSession session, bool isSettlement)
    {
        string name = MainEntity(entity.Name);
        lock (_gate)
        {
            _first ??= (name, session);
            if (name.Equals(_first.Value.Entity, StringComparison.OrdinalIgnoreCase)) return;
            if (_first.Value.Session != session)
            {
                throw new BrokerException(
                    Refusal.NotAllowed,
                    $"The transaction works on '{_first.Value.Entity}' and cannot include '{name}': enable cross-entity transactions in the client.");
            }
            if (isSettlement)
            {
                throw new BrokerException(
                    Refusal.NotAllowed,
                    $"The transaction began with '{_first.Value.Entity}', so it can send to '{name}', but not settle messages of it.");
            }
        }
    }

    /// <summary>Adds what happens once it is committed and durable.</summary>
    public void OnCommitted(Action action)
    {
        lock (_gate) _committed.Add(action);
    }

    public void Committed()
    {
        foreach (Action action in _committed) action();
    }

    // A topic and its subscriptions, an entity and its dead letters, are one entity here.
    private static string MainEntity(string address)
    {
        int subscription = address.IndexOf("/Subscriptions/", StringComparison.OrdinalIgnoreCase);
        int below = subscription >= 0 ? subscription : address.IndexOf("/$", StringComparison.Ordinal);
        return below < 0 ? address : address[..below];
    }
}
