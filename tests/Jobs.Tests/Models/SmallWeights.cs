using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;

namespace HrNetBatch.Jobs.Tests.Models;

/// <summary>A checkpoint of a small network of three classes, without a card: as PyTorch's users bring them.</summary>
internal static class SmallWeights
{
    private static readonly Lazy<byte[]> Written = new(() => Of(HrNetVariant.Parse("w18_small_v1").Architecture));

    public static byte[] Bytes => Written.Value;

    public static MemoryStream Stream() => new(Bytes, writable: false);

    /// <summary>A checkpoint of another architecture.</summary>
    public static byte[] Of(HrNetArchitecture architecture)
    {
        LibTorch.Load();
        TorchSharp.torch.set_num_threads(1);
        using var network = new HrNet(architecture, 3, seed: 1);
        var stream = new MemoryStream();
        CheckpointWriter.Write(stream, network.state_dict());
        return stream.ToArray();
    }
}
