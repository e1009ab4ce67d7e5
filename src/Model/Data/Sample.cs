namespace HrNetBatch.Model.Data;

/// <summary>One sample: of a WebDataset shard, the adjacent members that share a key.</summary>
/// <param name="Shard">Name of the file it came from.</param>
/// <param name="Key">Path up to the first dot of the file name.</param>
/// <param name="Offset">Byte in the file at which it starts, the header of its first member included.</param>
/// <param name="Members">Content by extension, lower-cased, without the first dot: "jpg", "cls", "seg.png".</param>
public sealed record Sample(string Shard, string Key, long Offset, IReadOnlyDictionary<string, byte[]> Members)
{
    /// <summary>Byte behind it and its padding; 0 where that was not asked for.</summary>
    internal long End { get; init; }

    /// <summary>Why it has no label, where its layout knows better than its members: as what follows a colon.</summary>
    internal string? LabelFault { get; init; }
}
