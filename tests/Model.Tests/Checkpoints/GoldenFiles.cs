using HrNetBatch.Model.Checkpoints;
using TorchSharp;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>The files that Goldens/make_goldens.py made with PyTorch.</summary>
internal static class GoldenFiles
{
    public static string[] Names { get; } =
    [
        "training.zip.pth", "training.legacy.pth", "protocol4.zip.pth", "protocol4.legacy.pth", "ema.zip.pth", "parameter.zip.pth",
        "dtypes.zip.pth", "dtypes.legacy.pth", "shared.zip.pth", "shared.legacy.pth", "window.legacy.pth",
        "averaged.zip.pth", "timm.zip.pth", "half.zip.pth", "bfloat16.zip.pth", "double.legacy.pth", "big-endian.zip.pth", "tiny.safetensors", "dtypes.safetensors",
        "extras.zip.pth", "extras.legacy.pth", "extras-protocol4.zip.pth",
    ];

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Checkpoints", "Goldens", name));

    public static Checkpoint Read(string name) => Read(Bytes(name), name);

    public static Checkpoint Read(byte[] bytes, string name = "weights.pth") => CheckpointReader.Read(new MemoryStream(bytes), name);

    /// <summary>Element i of parameter k is ((i + k) % 17 - 8) / 16.</summary>
    public static float[] Formula(long count, int k) => [.. Enumerable.Range(0, (int)count).Select(i => ((i + k) % 17 - 8) / 16f)];

    public static float[] Floats(torch.Tensor tensor)
    {
        using torch.Tensor plain = tensor.to(torch.ScalarType.Float32).contiguous();
        return [.. plain.data<float>()];
    }
}
