namespace HrNetBatch.Model.Data;

/// <summary>What a sample is called: unique within a data set.</summary>
/// <param name="Shard">The file that holds it.</param>
/// <param name="Key">Its key in there.</param>
public readonly record struct SampleName(string Shard, string Key);
