using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using NetVips;

namespace HrNetBatch.Infra.Tests.Published;

/// <summary>A small network without training, and images for it.</summary>
internal static class SmallModel
{
    public const string Variant = "w18_small_v1";
    public const int Side = 64;

    private const int Seed = 20261123;

    public static IReadOnlyList<string> Labels { get; } = ["red", "green", "blue"];

    /// <summary>A checkpoint.</summary>
    public static byte[] Weights()
    {
        using var network = new HrNet(HrNetVariant.Parse(Variant), Labels.Count, Seed);
        var stream = new MemoryStream();
        CheckpointWriter.Write(stream, new TrainingCheckpoint { Epoch = 0, Perf = 0, StateDict = network.state_dict(), Card = new ModelCard(Variant, Side, Labels) }.ToValue());
        return stream.ToArray();
    }

    /// <summary>A PNG of noise.</summary>
    public static byte[] Image(int index)
    {
        byte[] pixels = new byte[Side * Side * 3];
        new Random(index).NextBytes(pixels);
        using NetVips.Image image = NetVips.Image.NewFromMemory(pixels, Side, Side, 3, Enums.BandFormat.Uchar);
        return image.PngsaveBuffer();
    }

    /// <summary>A shard of eight labelled images.</summary>
    public static async Task<byte[]> ShardAsync()
    {
        var stream = new MemoryStream();
        await using (var writer = new ShardWriter(stream))
        {
            for (int sample = 0; sample < 8; sample++)
                await writer.WriteAsync($"{sample}", "png", Image(sample), sample % Labels.Count, TestContext.Current.CancellationToken);
        }
        return stream.ToArray();
    }
}
