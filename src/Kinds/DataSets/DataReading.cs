using HrNetBatch.Model.Data;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>How a job reads a data set.</summary>
/// <param name="Layout">The layout; null: recognised.</param>
/// <param name="BrokenSampleLimit">Largest share of samples that may be broken, 0 to 1.</param>
/// <param name="ShardsAtOnce">Shards read at once, a sample of each in turn, where it trains.</param>
/// <param name="ShuffleBufferSize">Samples held to be shuffled, where it trains.</param>
internal sealed record DataReading(DataLayout? Layout, double BrokenSampleLimit, int ShardsAtOnce = 1, int ShuffleBufferSize = 1);
