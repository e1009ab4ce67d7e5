using System.Runtime.InteropServices;
using System.Text;
using HrNetBatch.Model.Architecture;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Goldens;

/// <summary>The weights and the input of network_logits.py, number for number: see there.</summary>
internal static class FormulaWeights
{
    private const int BandLength = 1_000_003;

    private static readonly float[] Band = [.. Enumerable.Range(0, BandLength).Select(i =>
    {
        ulong x = (ulong)i * 2654435761 % (1UL << 32);
        x = (x ^ (x >> 15)) * 2246822519 % (1UL << 32);
        x ^= x >> 13;
        return (float)(x / 2147483648.0 - 1);
    })];

    /// <summary>Fills all parameters and running statistics.</summary>
    internal static void Fill(HrNet network)
    {
        using IDisposable noGradients = no_grad();
        foreach ((string name, Tensor tensor) in network.state_dict())
        {
            if (tensor.dim() > 0)
                Cut(name, MemoryMarshal.Cast<byte, float>(tensor.bytes), Scaling(name, tensor.shape));
        }
    }

    /// <summary>[2, 3, 64, 96]: a dull image and a glaring one.</summary>
    internal static Tensor Images()
    {
        Tensor images = empty(2, 3, 64, 96);
        Span<float> pixels = MemoryMarshal.Cast<byte, float>(images.bytes);
        Cut("input", pixels, (0, 1));
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] *= i < pixels.Length / 2 ? 2 : 8;
        return images;
    }

    /// <summary>Numbers from -1 to 1, which the name alone decides.</summary>
    internal static Tensor Noise(string name, params long[] shape)
    {
        Tensor noise = empty(shape);
        Cut(name, MemoryMarshal.Cast<byte, float>(noise.bytes), (0, 1));
        return noise;
    }

    private static (float Offset, float Factor) Scaling(string name, long[] shape)
    {
        if (name.EndsWith("running_mean", StringComparison.Ordinal))
            return (0, 0.05f);
        if (name.EndsWith("running_var", StringComparison.Ordinal))
            return (1, 0.5f);
        if (shape.Length == 1)
            return name.EndsWith("weight", StringComparison.Ordinal) ? (0.5f, 0.2f) : (0, 0.05f);
        double gain = name.StartsWith("classifier", StringComparison.Ordinal) ? 4 : 1;
        return (0, (float)(gain * Math.Sqrt(6.0 / shape[1..].Aggregate(1L, (product, length) => product * length))));
    }

    private static void Cut(string name, Span<float> values, (float Offset, float Factor) scaling)
    {
        int place = (int)(Crc32(name) % BandLength);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = scaling.Offset + scaling.Factor * Band[place];
            place = place + 1 < BandLength ? place + 1 : 0;
        }
    }

    private static uint Crc32(string name)
    {
        uint crc = ~0u;
        foreach (byte value in Encoding.ASCII.GetBytes(name))
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }
        return ~crc;
    }
}
