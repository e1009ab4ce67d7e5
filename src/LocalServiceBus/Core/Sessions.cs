namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>A receiver's hold on a session.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="Holder">Names the hold.</param>
/// <param name="LockedUntil">When it ends unless it is renewed.</param>
public sealed record SessionLease(string SessionId, Guid Holder, DateTimeOffset LockedUntil);

/// <summary>
/// The sessions of an entity: who holds which until when, and their states. Holds end with the process, as they end with their links;
/// states are kept.
/// </summary>
internal sealed class Sessions(EntityState entity, Deadlines deadlines)
{
    private readonly Dictionary<string, SessionLease> _leases = [];
    private readonly Dictionary<string, byte[]> _states = [];
    private readonly Dictionary<Guid, Receiver> _receivers = [];
    private readonly LinkedList<TaskCompletionSource<SessionLease>> _waiting = [];

    public void Load(IReadOnlyDictionary<string, byte[]> states)
    {
        foreach ((string session, byte[] state) in states) _states.Add(session, state);
    }

    /// <summary>The sessions that have a state.</summary>
    public IEnumerable<string> WithState => _states.Keys;

    public bool IsHeld(string session) => _leases.ContainsKey(session);

    public SessionLease Take(Operation operation, string session)
    {
        if (IsHeld(session))
        {
            throw new BrokerException(
                Refusal.SessionCannotBeLocked, $"The requested session '{session}' cannot be accepted. It may be locked by another receiver.");
        }
        return Hold(new SessionLease(session, Guid.NewGuid(), operation.Now + entity.Options.LockDuration));
    }

    public void Attach(SessionLease lease, Receiver receiver)
    {
        if (Find(lease.SessionId).Holder != lease.Holder) throw Lost(lease.SessionId);
        _receivers.Add(lease.Holder, receiver);
    }

    public LinkedListNode<TaskCompletionSource<SessionLease>> Wait(TaskCompletionSource<SessionLease> taken) => _waiting.AddLast(taken);

    public static void StopWaiting(LinkedListNode<TaskCompletionSource<SessionLease>> waiting)
    {
        waiting.List?.Remove(waiting);
    }

    /// <summary>Gives sessions with messages to those who wait for any session.</summary>
    public void Pump(Operation operation, ReadyMessages ready)
    {
        while (_waiting.First is { } first && NextFree(ready) is { } session)
        {
            _waiting.RemoveFirst();
            first.Value.SetResult(Take(operation, session));
        }
    }

    public SessionLease Renew(Operation operation, string session) => Hold(
        Release(Find(session)) with { LockedUntil = operation.Now + entity.Options.LockDuration });

    /// <summary>Ends a hold if it still stands.</summary>
    public bool TryRelease(SessionLease lease)
    {
        _receivers.Remove(lease.Holder);
        if (!_leases.TryGetValue(lease.SessionId, out SessionLease? held) || held.Holder != lease.Holder) return false;
        Release(held);
        return true;
    }

    /// <summary>Ends a hold whose time is over, and tells its receiver.</summary>
    public void Expire(Operation operation, string session)
    {
        SessionLease lost = Release(_leases[session]);
        if (!_receivers.Remove(lost.Holder, out Receiver? receiver)) return;
        receiver.LoseSession();
        operation.Serve(receiver);
    }

    /// <summary>Ends all holds, and sends away whoever waits for a session.</summary>
    public void End(BrokerException why)
    {
        foreach (SessionLease lease in _leases.Values.ToArray()) Release(lease);
        foreach (TaskCompletionSource<SessionLease> waiting in _waiting) waiting.SetException(why);
        _waiting.Clear();
    }

    public byte[]? State(string session) => _states.GetValueOrDefault(Find(session).SessionId);

    public void SetState(Operation operation, string session, byte[]? state)
    {
        Find(session);
        if (state is null) _states.Remove(session);
        else _states[session] = state;
        operation.Changes.Add(new SessionStateChanged(entity.Name, session, state));
    }

    private static BrokerException Lost(string session) => new(
        Refusal.SessionLockLost, $"The lock of session '{session}' was lost: it ran out, or the receiver was closed. Accept the session again.");

    private SessionLease Find(string session) => _leases.GetValueOrDefault(session) ?? throw Lost(session);

    private string? NextFree(ReadyMessages ready) =>
        ready.Sessions.Where(session => !IsHeld(session.SessionId)).OrderBy(session => session.First).FirstOrDefault().SessionId;

    private SessionLease Hold(SessionLease lease)
    {
        _leases.Add(lease.SessionId, lease);
        deadlines.Add(new Deadline(lease.LockedUntil, entity, 0, lease.SessionId));
        return lease;
    }

    private SessionLease Release(SessionLease lease)
    {
        _leases.Remove(lease.SessionId);
        deadlines.Remove(new Deadline(lease.LockedUntil, entity, 0, lease.SessionId));
        return lease;
    }
}
