namespace HrNetBatch.Model.Data;

/// <summary>Counts what is left out, by reason. Not thread-safe.</summary>
internal sealed class LeftOutFiles
{
    // Where every file has an extension of its own, the list would be as long as the data set.
    private const int MostReasons = 30;
    private const string ManyReasons = "and for other reasons";

    private readonly Dictionary<string, LeftOut> _byReason = new(StringComparer.Ordinal);

    /// <summary>What was counted, the most first.</summary>
    public IReadOnlyList<LeftOut> ToList() =>
        [.. _byReason.Values.OrderByDescending(left => left.Count).ThenBy(left => left.Reason, StringComparer.Ordinal)];

    /// <summary>Counts a file.</summary>
    public void Add(string reason, string name, long count = 1)
    {
        if (!_byReason.ContainsKey(reason) && _byReason.Count >= MostReasons)
            reason = ManyReasons;
        _byReason[reason] = _byReason.TryGetValue(reason, out LeftOut? before)
            ? before with { Count = before.Count + count }
            : new LeftOut(reason, count, name);
    }

    /// <summary>Counts what was counted elsewhere.</summary>
    public void Add(IEnumerable<LeftOut> others)
    {
        foreach (LeftOut other in others)
            Add(other.Reason, other.Example, other.Count);
    }
}
