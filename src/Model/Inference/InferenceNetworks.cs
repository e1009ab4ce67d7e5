using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Inference.Winograd;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>Which engine runs a network, and whether it can be trusted with it.</summary>
internal static class InferenceNetworks
{
    private const double Tolerance = 1e-3;

    /// <summary>
    /// The engine for a device where none is asked for. Winograd's is the faster one on CPUs with vectors of 256 bits (benchmarks/Inference);
    /// with 512 bits oneDNN's convolutions are twice as fast and its own are not, so there libtorch stays. One batch runs on one thread in it:
    /// where a batch shall have several, libtorch too.
    /// </summary>
    internal static InferenceEngine Choose(InferenceEngine asked, Device device, int threadsPerReplica) =>
        asked != InferenceEngine.Auto ? asked
        : device.type == DeviceType.CPU && threadsPerReplica == 1 && HasVectorsOf256Bits && !Vector512.IsHardwareAccelerated ? InferenceEngine.Winograd
        : InferenceEngine.Torch;

    /// <summary>Folds weights for an engine. One in C# must first answer to noise as libtorch does.</summary>
    /// <param name="stateDict">Parameters by the original's names; not needed afterwards.</param>
    /// <param name="architecture">The network that they are of.</param>
    /// <param name="engine">Which; not <see cref="InferenceEngine.Auto"/>.</param>
    /// <param name="batchShape">[B, 3, H, W] of a full batch.</param>
    /// <param name="device">Where it runs.</param>
    /// <exception cref="ArgumentException">The engine does not run there, or its answers are others than libtorch's.</exception>
    internal static IInferenceNetwork Create(
        IReadOnlyDictionary<string, Tensor> stateDict, HrNetArchitecture architecture, InferenceEngine engine, long[] batchShape, Device device)
    {
        HrNet.RefuseOddSizes(batchShape);
        if (engine == InferenceEngine.Torch)
            return new FoldedHrNet(stateDict, architecture, batchShape, device);
        if (device.type != DeviceType.CPU || !HasVectorsOf256Bits)
            throw new ArgumentException($"The Winograd engine needs a CPU with 256-bit vectors and fused multiply-add, and does not run on {device}{(device.type == DeviceType.CPU ? ", which has none" : "")}. Use the engine torch.");
        var network = new WinogradHrNet(stateDict, architecture);
        try
        {
            RequireSameAnswers(network, stateDict, architecture);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static bool HasVectorsOf256Bits => Vector256.IsHardwareAccelerated && Fma.IsSupported;

    private static void RequireSameAnswers(WinogradHrNet network, IReadOnlyDictionary<string, Tensor> stateDict, HrNetArchitecture architecture)
    {
        const int Size = 2 * HrNet.SizeMultiple;
        var random = new Random(2019);
        float[] noise = [.. Enumerable.Range(0, 3 * Size * Size).Select(_ => (float)(random.NextDouble() * 4 - 2))];
        using var reference = new FoldedHrNet(stateDict, architecture, [1, 3, Size, Size], CPU, fused: false);
        float[] expected = reference.Logits(noise, 1, Size, Size), answered = network.Logits(noise, 1, Size, Size);
        double allowed = Tolerance * (1 + expected.Max(Math.Abs)), largest = expected.Zip(answered, (a, b) => Math.Abs((double)a - b)).Max();
        if (!(largest <= allowed))
            throw new ArgumentException($"The Winograd engine answers to noise with logits that differ from libtorch's by up to {largest:0.#####}, which is more than {allowed:0.#####}. Use the engine torch.");
    }
}
