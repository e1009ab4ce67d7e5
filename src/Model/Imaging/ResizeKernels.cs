using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// The two passes of the resize. Between them pixels lie in cells of 16 bytes: the RGBX of four rows of one column, so that in both
/// passes four taps of a pixel are one load. A kernel takes as many pixels at once as its vector has 16-byte lanes.
/// </summary>
internal static class ResizeKernels
{
    /// <summary>Bytes of a cell, and of the four taps of a group.</summary>
    public const int CellBytes = 16;

    // In each lane: red of taps 0 and 1, green of both, ... as 16-bit integers; 0x80 makes a zero byte.
    private static readonly Vector128<byte> Taps01 = Vector128.Create((byte)0, 0x80, 4, 0x80, 1, 0x80, 5, 0x80, 2, 0x80, 6, 0x80, 3, 0x80, 7, 0x80);
    private static readonly Vector128<byte> Taps23 = Vector128.Create((byte)8, 0x80, 12, 0x80, 9, 0x80, 13, 0x80, 10, 0x80, 14, 0x80, 11, 0x80, 15, 0x80);

    /// <summary>The widest vectors that this machine has a kernel for.</summary>
    public static int WidestVectorBits => Avx512BW.IsSupported ? 512 : Avx2.IsSupported ? 256 : 128;

    /// <summary>Horizontal pass over four rows: one cell for each output column.</summary>
    /// <param name="source">First pixel of the first row.</param>
    /// <param name="row1">Bytes from there to the second row (or again the first, where there is none; likewise below).</param>
    /// <param name="row2">Bytes to the third row.</param>
    /// <param name="row3">Bytes to the fourth row.</param>
    /// <param name="taps">Weights of the columns.</param>
    /// <param name="cells">Receives a cell for each output.</param>
    /// <param name="vectorBits">512, 256 or 128.</param>
    public static void Columns(ref byte source, int row1, int row2, int row3, in PackedTaps taps, Span<byte> cells, int vectorBits)
    {
        ref int weights = ref MemoryMarshal.GetArrayDataReference(taps.Weights);
        ref byte cell = ref MemoryMarshal.GetReference(cells);
        int groups = taps.GroupCount;
        foreach (int start in taps.Starts)
        {
            ref byte pixels = ref Unsafe.Add(ref source, start * RgbImage.BytesPerPixel);
            if (vectorBits == 512)
            {
                Vector512<int> low = Vector512.Create(TriangleFilter.Rounding), high = Vector512<int>.Zero;
                for (int group = 0; group < groups; group++)
                {
                    ref byte at = ref Unsafe.Add(ref pixels, group * CellBytes);
                    Vector512<byte> four = Vector512.Create(
                        Vector256.Create(Vector128.LoadUnsafe(ref at), Vector128.LoadUnsafe(ref at, (nuint)row1)),
                        Vector256.Create(Vector128.LoadUnsafe(ref at, (nuint)row2), Vector128.LoadUnsafe(ref at, (nuint)row3)));
                    Add(ref low, ref high, four, ref Unsafe.Add(ref weights, group * PackedTaps.IntegersPerGroup));
                }
                Round(low, high).StoreUnsafe(ref cell);
            }
            else if (vectorBits == 256)
            {
                Unsafe.WriteUnaligned(ref cell, TwoRows(ref pixels, 0, row1, ref weights, groups));
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref cell, 8), TwoRows(ref pixels, row2, row3, ref weights, groups));
            }
            else
            {
                Unsafe.WriteUnaligned(ref cell, One(ref pixels, CellBytes, ref weights, groups));
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref cell, 4), One(ref Unsafe.Add(ref pixels, row1), CellBytes, ref weights, groups));
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref cell, 8), One(ref Unsafe.Add(ref pixels, row2), CellBytes, ref weights, groups));
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref cell, 12), One(ref Unsafe.Add(ref pixels, row3), CellBytes, ref weights, groups));
            }
            weights = ref Unsafe.Add(ref weights, groups * PackedTaps.IntegersPerGroup);
            cell = ref Unsafe.Add(ref cell, CellBytes);
        }
    }

    /// <summary>Vertical pass for one output row.</summary>
    /// <param name="cells">First cell of the row's first group of rows; up to three cells behind the last may be read.</param>
    /// <param name="width">Columns.</param>
    /// <param name="weights">Weights of the row's groups.</param>
    /// <param name="destination">RGBX; up to three pixels behind the last are overwritten.</param>
    /// <param name="vectorBits">512, 256 or 128.</param>
    public static void Row(ref byte cells, int width, ReadOnlySpan<int> weights, ref byte destination, int vectorBits)
    {
        ref int first = ref MemoryMarshal.GetReference(weights);
        int groups = weights.Length / PackedTaps.IntegersPerGroup;
        int stride = width * CellBytes;
        if (vectorBits == 512)
            for (int x = 0; x < width; x += 4)
            {
                Vector512<int> low = Vector512.Create(TriangleFilter.Rounding), high = Vector512<int>.Zero;
                for (int group = 0; group < groups; group++)
                    Add(ref low, ref high, Vector512.LoadUnsafe(ref cells, (nuint)((group * stride) + (x * CellBytes))), ref Unsafe.Add(ref first, group * PackedTaps.IntegersPerGroup));
                Round(low, high).StoreUnsafe(ref destination, (nuint)(x * RgbImage.BytesPerPixel));
            }
        else if (vectorBits == 256)
            for (int x = 0; x < width; x += 2)
            {
                Vector256<int> low = Vector256.Create(TriangleFilter.Rounding), high = Vector256<int>.Zero;
                for (int group = 0; group < groups; group++)
                    Add(ref low, ref high, Vector256.LoadUnsafe(ref cells, (nuint)((group * stride) + (x * CellBytes))), ref Unsafe.Add(ref first, group * PackedTaps.IntegersPerGroup));
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref destination, x * RgbImage.BytesPerPixel), Round(low, high));
            }
        else
            for (int x = 0; x < width; x++)
                Unsafe.WriteUnaligned(
                    ref Unsafe.Add(ref destination, x * RgbImage.BytesPerPixel), One(ref Unsafe.Add(ref cells, x * CellBytes), stride, ref first, groups));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector512<int> low, ref Vector512<int> high, Vector512<byte> pixels, ref int weights)
    {
        Vector512<short> taps01 = Avx512BW.Shuffle(pixels, Vector512.Create(Taps01)).AsInt16();
        Vector512<short> taps23 = Avx512BW.Shuffle(pixels, Vector512.Create(Taps23)).AsInt16();
        low += Avx512BW.MultiplyAddAdjacent(taps01, Vector512.Create(weights).AsInt16())
            + Avx512BW.MultiplyAddAdjacent(taps23, Vector512.Create(Unsafe.Add(ref weights, 2)).AsInt16());
        high += Avx512BW.MultiplyAddAdjacent(taps01, Vector512.Create(Unsafe.Add(ref weights, 1)).AsInt16())
            + Avx512BW.MultiplyAddAdjacent(taps23, Vector512.Create(Unsafe.Add(ref weights, 3)).AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<int> low, ref Vector256<int> high, Vector256<byte> pixels, ref int weights)
    {
        Vector256<short> taps01 = Avx2.Shuffle(pixels, Vector256.Create(Taps01)).AsInt16();
        Vector256<short> taps23 = Avx2.Shuffle(pixels, Vector256.Create(Taps23)).AsInt16();
        low += Avx2.MultiplyAddAdjacent(taps01, Vector256.Create(weights).AsInt16())
            + Avx2.MultiplyAddAdjacent(taps23, Vector256.Create(Unsafe.Add(ref weights, 2)).AsInt16());
        high += Avx2.MultiplyAddAdjacent(taps01, Vector256.Create(Unsafe.Add(ref weights, 1)).AsInt16())
            + Avx2.MultiplyAddAdjacent(taps23, Vector256.Create(Unsafe.Add(ref weights, 3)).AsInt16());
    }

    private static ulong TwoRows(ref byte pixels, int rowA, int rowB, ref int weights, int groups)
    {
        Vector256<int> low = Vector256.Create(TriangleFilter.Rounding), high = Vector256<int>.Zero;
        for (int group = 0; group < groups; group++)
        {
            ref byte at = ref Unsafe.Add(ref pixels, group * CellBytes);
            Vector256<byte> two = Vector256.Create(Vector128.LoadUnsafe(ref at, (nuint)rowA), Vector128.LoadUnsafe(ref at, (nuint)rowB));
            Add(ref low, ref high, two, ref Unsafe.Add(ref weights, group * PackedTaps.IntegersPerGroup));
        }
        return Round(low, high);
    }

    // Any machine: one pixel, its groups of four taps a stride apart.
    private static uint One(ref byte pixels, int stride, ref int weights, int groups)
    {
        Vector128<int> sum = Vector128.Create(TriangleFilter.Rounding);
        for (int group = 0; group < groups; group++)
        {
            ref int weight = ref Unsafe.Add(ref weights, group * PackedTaps.IntegersPerGroup);
            var (weight0, weight1) = PackedTaps.Unpack(weight, Unsafe.Add(ref weight, 1));
            var (weight2, weight3) = PackedTaps.Unpack(Unsafe.Add(ref weight, 2), Unsafe.Add(ref weight, 3));
            var (taps01, taps23) = Vector128.Widen(Vector128.LoadUnsafe(ref pixels, (nuint)(group * stride)));
            var (tap0, tap1) = Vector128.Widen(taps01);
            var (tap2, tap3) = Vector128.Widen(taps23);
            sum += (tap0.AsInt32() * weight0) + (tap1.AsInt32() * weight1) + (tap2.AsInt32() * weight2) + (tap3.AsInt32() * weight3);
        }
        return Narrow(sum);
    }

    private static Vector128<byte> Round(Vector512<int> low, Vector512<int> high)
        => Avx512F.ConvertToVector128ByteWithSaturation((((high << PackedTaps.LowBits) + low) >> TriangleFilter.PrecisionBits).AsUInt32());

    private static ulong Round(Vector256<int> low, Vector256<int> high)
    {
        Vector256<int> sum = (high << PackedTaps.LowBits) + low;
        return Narrow(sum.GetLower()) | ((ulong)Narrow(sum.GetUpper()) << 32);
    }

    // Weights of a triangle are never negative, so only the upper bound needs a clip (rounded weights may add up to a little over one).
    private static uint Narrow(Vector128<int> sum)
    {
        Vector128<uint> values = Vector128.Min(sum >> TriangleFilter.PrecisionBits, Vector128.Create(255)).AsUInt32();
        Vector128<ushort> words = Vector128.Narrow(values, values);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }
}
