namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>Duplicate detection: the message ids of a time window.</summary>
internal sealed class SeenMessageIds(EntityState entity)
{
    private readonly HashSet<string> _ids = [];
    private readonly Queue<(string Id, DateTimeOffset Until)> _inOrder = [];

    /// <summary>Notes an id.</summary>
    /// <returns>Whether it was not seen within the window.</returns>
    public bool TryAdd(Operation operation, string id)
    {
        ForgetOld(operation);
        if (!_ids.Add(id)) return false;
        DateTimeOffset until = operation.Now + entity.Options.DuplicateWindow!.Value;
        _inOrder.Enqueue((id, until));
        operation.Changes.Add(new MessageIdSeen(entity.Name, id, until));
        return true;
    }

    /// <summary>Takes back what was seen before a restart.</summary>
    public void Load(IReadOnlyDictionary<string, DateTimeOffset> seen)
    {
        foreach ((string id, DateTimeOffset until) in seen.OrderBy(entry => entry.Value))
        {
            _ids.Add(id);
            _inOrder.Enqueue((id, until));
        }
    }

    private void ForgetOld(Operation operation)
    {
        while (_inOrder.TryPeek(out (string Id, DateTimeOffset Until) oldest) && oldest.Until <= operation.Now)
        {
            _inOrder.Dequeue();
            _ids.Remove(oldest.Id);
            operation.Changes.Add(new MessageIdForgotten(entity.Name, oldest.Id));
        }
    }
}
