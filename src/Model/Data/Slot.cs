namespace HrNetBatch.Model.Data;

/// <summary>A sample's place in an order.</summary>
/// <param name="Shard">Its shard.</param>
/// <param name="Index">Its number in there.</param>
/// <param name="Sample">The sample; null while only its number matters.</param>
internal readonly record struct Slot(Shard Shard, long Index, Sample? Sample);
