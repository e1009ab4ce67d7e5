using System.Runtime.Intrinsics;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>How output channels are cut for the kernels: into blocks of three vectors, and one or two of two vectors where three do not come out even.</summary>
internal static class Blocks
{
    /// <summary>Channels of one vector.</summary>
    internal static int Lanes => Vector256<float>.Count;

    /// <summary>Channels that a pixel has room for: those of its blocks.</summary>
    internal static int PaddedChannels(int channels) => Of(channels).Sum() * Lanes;

    /// <summary>Vectors of each block: they cover the channels, and at least two.</summary>
    internal static int[] Of(int channels)
    {
        int vectors = Math.Max(2, (channels + Lanes - 1) / Lanes);
        int twos = vectors % 3 == 0 ? 0 : vectors % 3 == 2 ? 1 : 2;
        return [.. Enumerable.Repeat(3, (vectors - 2 * twos) / 3), .. Enumerable.Repeat(2, twos)];
    }
}
