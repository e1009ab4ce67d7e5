namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// One step of the state machine: it happens at one moment, its changes become durable together, and whatever leaves the broker because
/// of it (an answer, a delivery) waits for that.
/// </summary>
internal sealed class Operation(DateTimeOffset now)
{
    private readonly HashSet<EntityState> _touched = [];
    private readonly Queue<EntityState> _toPump = [];
    private readonly HashSet<Receiver> _served = [];

    public DateTimeOffset Now { get; } = now;

    public List<Change> Changes { get; } = [];

    /// <summary>Remembers that an entity may have something new for its receivers.</summary>
    public void Touch(EntityState entity)
    {
        if (_touched.Add(entity)) _toPump.Enqueue(entity);
    }

    /// <summary>Remembers that a receiver must be told something.</summary>
    public void Serve(Receiver receiver) => _served.Add(receiver);

    /// <summary>Gives messages to receivers that wait for them, and to the entities that others forward to.</summary>
    public void Pump()
    {
        while (_toPump.TryDequeue(out EntityState? entity))
        {
            _touched.Remove(entity);
            entity.Pump(this);
        }
    }

    /// <summary>Tells the receivers what they got, and when that is durable.</summary>
    public void HandOver(Task committed)
    {
        foreach (Receiver receiver in _served) receiver.HandOver(committed);
    }
}
