namespace HrNetBatch.Model.Data;

/// <summary>One sample of a WebDataset shard: the adjacent members that share a key.</summary>
/// <param name="Shard">Name of the shard it came from.</param>
/// <param name="Key">Path up to the first dot of the file name.</param>
/// <param name="Offset">Byte in the shard at which its first member's header starts.</param>
/// <param name="Members">Content by extension, lower-cased, without the first dot: "jpg", "cls", "seg.png".</param>
public sealed record Sample(string Shard, string Key, long Offset, IReadOnlyDictionary<string, byte[]> Members);
