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
    /// Folds weights for an engine. Where none is asked for it is Winograd's on CPUs with vectors of 256 bits, which is the faster one there
    /// (benchmarks/Inference); with 512 bits oneDNN's convolutions are twice as fast and its own are not, so there libtorch stays. One batch
    /// runs on one thread in it: where a batch shall have several, libtorch too. It must first answer to noise as libtorch does.
    /// </summary>
    /// <param name="stateDict">Parameters by the original's names; not needed afterwards.</param>
    /// <param name="architecture">The network that they are of.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="batchShape">[B, 3, H, W] of a full batch.</param>
    /// <param name="device">Where it runs.</param>
    /// <returns>The network, its engine, and why that is not the faster one, where it answered otherwise.</returns>
    /// <exception cref="ArgumentException">The engine that is asked for does not run there, or its answers are others than libtorch's.</exception>
    internal static (IInferenceNetwork Network, InferenceEngine Engine, string? Remark) Create(
        IReadOnlyDictionary<string, Tensor> stateDict, HrNetArchitecture architecture, ClassifierOptions options, long[] batchShape, Device device)
    {
        HrNet.RefuseOddSizes(batchShape);
        bool isAsked = options.Engine == InferenceEngine.Winograd, runs = device.type == DeviceType.CPU && Vector256.IsHardwareAccelerated && Fma.IsSupported;
        if (isAsked && !runs)
            throw new ArgumentException($"The Winograd engine needs a CPU with 256-bit vectors and fused multiply-add, and does not run on {device}. Use the engine Torch.");
        string? fault = null;
        if (isAsked || options.Engine == InferenceEngine.Auto && runs && options.ThreadsPerReplica == 1 && !Vector512.IsHardwareAccelerated)
        {
            var network = new WinogradHrNet(stateDict, architecture);
            fault = Fault(network, stateDict, architecture);
            if (fault is null)
                return (network, InferenceEngine.Winograd, null);
            network.Dispose();
            if (isAsked)
                throw new ArgumentException($"{fault} Use the engine Torch.");
        }
        return (new FoldedHrNet(stateDict, architecture, batchShape, device), InferenceEngine.Torch, fault);
    }

    // Weights may be such that squares of Winograd's overflow where plain sums do not.
    private static string? Fault(WinogradHrNet network, IReadOnlyDictionary<string, Tensor> stateDict, HrNetArchitecture architecture)
    {
        const int Size = 2 * HrNet.SizeMultiple;
        var random = new Random(2019);
        float[] noise = [.. Enumerable.Range(0, 3 * Size * Size).Select(_ => (float)(random.NextDouble() * 4 - 2))];
        using var reference = new FoldedHrNet(stateDict, architecture, [1, 3, Size, Size], CPU, fused: false);
        float[] expected = reference.Logits(noise, 1, Size, Size), answered = network.Logits(noise, 1, Size, Size);
        double allowed = Tolerance * (1 + expected.Where(float.IsFinite).Select(logit => Math.Abs((double)logit)).DefaultIfEmpty().Max());
        bool isSame = expected.Zip(answered).All(pair => pair.First.Equals(pair.Second) || Math.Abs((double)pair.First - pair.Second) <= allowed);
        return isSame ? null : $"The Winograd engine answers to noise with logits that differ from libtorch's by more than {allowed:0.#####}.";
    }
}
