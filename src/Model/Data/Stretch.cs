namespace HrNetBatch.Model.Data;

/// <summary>Consecutive samples of a shard.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="First">Number of the first of them.</param>
/// <param name="Count">How many; null: all to the end of the shard.</param>
internal readonly record struct Stretch(Shard Shard, long First, int? Count);
