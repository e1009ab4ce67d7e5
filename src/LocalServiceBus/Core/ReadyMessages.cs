using System.Diagnostics.CodeAnalysis;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>The numbers of the messages that a receiver may have now, in their order, over all and for each session.</summary>
internal sealed class ReadyMessages
{
    private readonly SortedSet<long> _all = [];
    private readonly Dictionary<string, SortedSet<long>> _bySession = [];

    /// <summary>The sessions that have a message ready, each with its first one.</summary>
    public IEnumerable<(string SessionId, long First)> Sessions => _bySession.Select(session => (session.Key, session.Value.Min));

    public void Add(Message message)
    {
        _all.Add(message.SequenceNumber);
        if (message.SessionId is not { } session) return;
        if (!_bySession.TryGetValue(session, out SortedSet<long>? numbers)) _bySession.Add(session, numbers = []);
        numbers.Add(message.SequenceNumber);
    }

    public void Remove(Message message)
    {
        _all.Remove(message.SequenceNumber);
        if (message.SessionId is not { } session || !_bySession.TryGetValue(session, out SortedSet<long>? numbers)) return;
        numbers.Remove(message.SequenceNumber);
        if (numbers.Count == 0) _bySession.Remove(session);
    }

    /// <summary>Finds the first message of a session, or of all.</summary>
    public bool TryGetFirst(string? sessionId, out long sequenceNumber)
    {
        sequenceNumber = 0;
        if (!TryGetNumbers(sessionId, out SortedSet<long>? numbers)) return false;
        sequenceNumber = numbers.Min;
        return true;
    }

    private bool TryGetNumbers(string? sessionId, [NotNullWhen(true)] out SortedSet<long>? numbers)
    {
        if (sessionId is not null) return _bySession.TryGetValue(sessionId, out numbers);
        numbers = _all;
        return numbers.Count > 0;
    }
}
