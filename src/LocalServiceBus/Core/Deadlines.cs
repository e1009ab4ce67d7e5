namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// Everything that happens by itself at a moment: locks that run out, messages whose time comes or ends. Each waiting message or session
/// has exactly one entry, so that nothing here outlives its cause.
/// </summary>
internal sealed class Deadlines
{
    private readonly SortedSet<Deadline> _waiting = [];

    /// <summary>The next moment at which something happens.</summary>
    public DateTimeOffset? Next => _waiting.Count == 0 ? null : _waiting.Min.Due;

    public void Add(Deadline deadline) => _waiting.Add(deadline);

    public void Remove(Deadline deadline) => _waiting.Remove(deadline);

    /// <summary>Takes one that is due.</summary>
    public bool TryTakeDue(DateTimeOffset now, out Deadline deadline)
    {
        deadline = _waiting.Count == 0 ? default : _waiting.Min;
        return deadline.Entity is not null && deadline.Due <= now && _waiting.Remove(deadline);
    }
}

/// <summary>The moment at which a message, or where one is named a session, of an entity wants attention.</summary>
internal readonly record struct Deadline(DateTimeOffset Due, EntityState Entity, long SequenceNumber, string? SessionId = null)
    : IComparable<Deadline>
{
    public int CompareTo(Deadline other)
    {
        int order = Due.CompareTo(other.Due);
        if (order == 0) order = string.CompareOrdinal(Entity.Name, other.Entity.Name);
        if (order == 0) order = SequenceNumber.CompareTo(other.SequenceNumber);
        return order != 0 ? order : string.CompareOrdinal(SessionId, other.SessionId);
    }
}
