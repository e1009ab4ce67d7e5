namespace HrNetBatch.Model.Data;

/// <summary>What is known of a sample without its content.</summary>
/// <param name="Shard">The file that it lies in.</param>
/// <param name="Offset">Byte in the file at which it starts.</param>
/// <param name="Key">Its key in there.</param>
/// <param name="HasLabel">Whether it has an image and a label.</param>
internal readonly record struct SampleHead(string Shard, long Offset, string Key, bool HasLabel)
{
    public static SampleHead Of(Sample sample) =>
        new(sample.Shard, sample.Offset, sample.Key, LabeledImage.TryRead(sample, requiresLabel: true, out _, out _));
}
