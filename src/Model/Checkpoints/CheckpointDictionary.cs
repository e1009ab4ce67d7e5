using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>A dictionary in the order of its file; its keys are text or integers, rarely something that is only shown. Filled with a collection initialiser, or by <c>Add</c>.</summary>
public sealed record CheckpointDictionary : CheckpointValue, IEnumerable<KeyValuePair<CheckpointValue, CheckpointValue>>
{
    private readonly OrderedDictionary<CheckpointValue, CheckpointValue> _entries = [];

    /// <summary>Whether Python sees an OrderedDict (a state dict) rather than a dict.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>
    /// What Python sees as attributes of an OrderedDict, in which a bare state dict carries its card: torch.load gives them back,
    /// torch.save keeps them, and load_state_dict does not mind them. Of a file's only our own is read.
    /// </summary>
    public CheckpointDictionary? Attributes { get; init; }

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Count;

    /// <inheritdoc/>
    public override string KindName => "dictionary";

    /// <summary>The value of a text key, or null where there is none.</summary>
    public CheckpointValue? this[string key] => TryGet(key, out CheckpointValue? value) ? value : null;

    /// <summary>Adds or replaces the value of a text key.</summary>
    public void Add(string key, CheckpointValue value) => _entries[new CheckpointText(key)] = value;

    /// <summary>Adds or replaces the value of an integer key.</summary>
    public void Add(long key, CheckpointValue value) => _entries[new CheckpointInteger(key)] = value;

    internal void Add(CheckpointValue key, CheckpointValue value) => _entries[key] = value;

    /// <summary>Finds the value of a text or integer key.</summary>
    public bool TryGet(CheckpointValue key, [NotNullWhen(true)] out CheckpointValue? value) => _entries.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<CheckpointValue, CheckpointValue>> GetEnumerator() => _entries.GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"dictionary of {Count}";

    /// <summary>Dictionaries are equal only when they are the same one.</summary>
    public bool Equals(CheckpointDictionary? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
