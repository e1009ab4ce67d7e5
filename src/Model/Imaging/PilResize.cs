using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// PIL's antialiased bilinear resize of 8-bit images, bit for bit: a horizontal pass rounded to bytes, then a vertical one, with
/// 22-bit fixed-point weights. Only the asked-for window of the result is computed. Sums of integers do not depend on their order,
/// so any vector width gives the same pixels.
/// </summary>
internal static class PilResize
{
    private const int Channels = RgbImage.BytesPerPixel;

    /// <summary>Taps that one step of the horizontal pass takes; weights are padded with zeros to a multiple of it.</summary>
    private const int TapsPerStep = 4;

    private static readonly int VectorBits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>Resizes a box of the source, as if it were cropped first, and writes a window of the result.</summary>
    /// <param name="source">The image.</param>
    /// <param name="box">What of it is resized.</param>
    /// <param name="width">Columns of the whole result.</param>
    /// <param name="height">Rows of the whole result.</param>
    /// <param name="window">What of the result is wanted.</param>
    /// <param name="destination">[window.Height, window.Width, 4] bytes, RGBX.</param>
    public static void Resize(RgbImage source, PixelBox box, int width, int height, PixelBox window, Span<byte> destination)
        => Resize(source, box, width, height, window, destination, VectorBits);

    /// <summary>The same with a chosen vector width (512, 256 or 128), so that a test can hold them against each other.</summary>
    internal static void Resize(
        RgbImage source, PixelBox box, int width, int height, PixelBox window, Span<byte> destination, int vectorBits)
    {
        TriangleFilter columns = TriangleFilter.Create(box.Width, width, window.Left, window.Width);
        TriangleFilter rows = TriangleFilter.Create(box.Height, height, window.Top, window.Height);
        int firstRow = rows.First[0];
        int rowCount = rows.First[^1] + rows.Count[^1] - firstRow;
        int stride = window.Width * Channels;
        byte[] narrowed = ArrayPool<byte>.Shared.Rent(checked(rowCount * stride) + RgbImage.TailBytes);
        int[] weights = ArrayPool<int>.Shared.Rent(HorizontalWeightCount(columns));
        try
        {
            int steps = SpreadWeights(columns, weights);
            for (int row = 0; row < rowCount; row++)
            {
                int offset = ((box.Top + firstRow + row) * source.Stride) + (box.Left * Channels);
                Horizontal(ref source.Pixels[offset], columns.First, weights, steps, narrowed.AsSpan(row * stride, stride), vectorBits);
            }
            for (int row = 0; row < window.Height; row++)
            {
                var taps = rows.Weights.AsSpan(row * rows.TapCapacity, rows.Count[row]);
                Vertical(ref narrowed[(rows.First[row] - firstRow) * stride], stride, taps, destination.Slice(row * stride, stride), vectorBits);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(narrowed);
            ArrayPool<int>.Shared.Return(weights);
        }
    }

    private static int StepCount(TriangleFilter columns) => (columns.Count.Max() + TapsPerStep - 1) / TapsPerStep;

    private static int HorizontalWeightCount(TriangleFilter columns)
        => checked(columns.First.Length * StepCount(columns) * TapsPerStep * Channels);

    // Each weight four times, once a channel, so that one multiplication takes whole pixels.
    private static int SpreadWeights(TriangleFilter columns, int[] weights)
    {
        int steps = StepCount(columns);
        Span<Vector128<int>> spread = MemoryMarshal.Cast<int, Vector128<int>>(weights.AsSpan());
        for (int output = 0; output < columns.First.Length; output++)
            for (int tap = 0; tap < steps * TapsPerStep; tap++)
                spread[(output * steps * TapsPerStep) + tap] = Vector128.Create(
                    tap < columns.Count[output] ? columns.Weights[(output * columns.TapCapacity) + tap] : 0);
        return steps;
    }

    private static void Horizontal(ref byte source, int[] first, int[] weights, int steps, Span<byte> destination, int vectorBits)
    {
        ref int weight = ref MemoryMarshal.GetArrayDataReference(weights);
        ref uint target = ref Unsafe.As<byte, uint>(ref MemoryMarshal.GetReference(destination));
        for (int output = 0; output < first.Length; output++)
        {
            ref byte pixels = ref Unsafe.Add(ref source, first[output] * Channels);
            Vector128<int> sum = Vector128.Create(TriangleFilter.Rounding);
            if (vectorBits == 512)
            {
                Vector512<int> wide = Vector512<int>.Zero;
                for (int step = 0; step < steps; step++)
                {
                    wide += Widen16(ref Unsafe.Add(ref pixels, step * 16)) * Vector512.LoadUnsafe(ref weight);
                    weight = ref Unsafe.Add(ref weight, 16);
                }
                Vector256<int> half = wide.GetLower() + wide.GetUpper();
                sum += half.GetLower() + half.GetUpper();
            }
            else if (vectorBits == 256)
            {
                Vector256<int> wide = Vector256<int>.Zero;
                for (int step = 0; step < steps * 2; step++)
                {
                    wide += Widen8(ref Unsafe.Add(ref pixels, step * 8)) * Vector256.LoadUnsafe(ref weight);
                    weight = ref Unsafe.Add(ref weight, 8);
                }
                sum += wide.GetLower() + wide.GetUpper();
            }
            else
            {
                for (int step = 0; step < steps * 4; step++)
                {
                    sum += Widen4(ref Unsafe.Add(ref pixels, step * 4)) * Vector128.LoadUnsafe(ref weight);
                    weight = ref Unsafe.Add(ref weight, 4);
                }
            }
            Unsafe.Add(ref target, output) = Narrow4(sum);
        }
    }

    private static void Vertical(ref byte source, int stride, ReadOnlySpan<int> weights, Span<byte> destination, int vectorBits)
    {
        ref byte target = ref MemoryMarshal.GetReference(destination);
        int at = 0;
        if (vectorBits == 512)
            for (; at <= stride - 16; at += 16)
            {
                Vector512<int> sum = Vector512.Create(TriangleFilter.Rounding);
                for (int tap = 0; tap < weights.Length; tap++)
                    sum += Widen16(ref Unsafe.Add(ref source, (tap * stride) + at)) * Vector512.Create(weights[tap]);
                Narrow16(sum).StoreUnsafe(ref target, (nuint)at);
            }
        else if (vectorBits == 256)
            for (; at <= stride - 8; at += 8)
            {
                Vector256<int> sum = Vector256.Create(TriangleFilter.Rounding);
                for (int tap = 0; tap < weights.Length; tap++)
                    sum += Widen8(ref Unsafe.Add(ref source, (tap * stride) + at)) * Vector256.Create(weights[tap]);
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, at), Narrow4(sum.GetLower()) | ((ulong)Narrow4(sum.GetUpper()) << 32));
            }
        for (; at < stride; at += 4)
        {
            Vector128<int> sum = Vector128.Create(TriangleFilter.Rounding);
            for (int tap = 0; tap < weights.Length; tap++)
                sum += Widen4(ref Unsafe.Add(ref source, (tap * stride) + at)) * Vector128.Create(weights[tap]);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, at), Narrow4(sum));
        }
    }

    private static Vector512<int> Widen16(ref byte source)
    {
        Vector128<byte> bytes = Vector128.LoadUnsafe(ref source);
        return Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(bytes)
            : Vector512.WidenLower(Vector256.WidenLower(bytes.ToVector256Unsafe()).ToVector512Unsafe()).AsInt32();
    }

    private static Vector256<int> Widen8(ref byte source)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref source)).AsByte();
        return Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(bytes)
            : Vector256.WidenLower(Vector128.WidenLower(bytes).ToVector256Unsafe()).AsInt32();
    }

    private static Vector128<int> Widen4(ref byte source)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(ref source)).AsByte();
        return Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32();
    }

    // Weights of a triangle are never negative, so only the upper bound needs a clip (their rounding can exceed one by a little).
    private static uint Narrow4(Vector128<int> sum)
    {
        Vector128<uint> values = Vector128.Min(sum >> TriangleFilter.PrecisionBits, Vector128.Create(255)).AsUInt32();
        Vector128<ushort> words = Vector128.Narrow(values, values);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }

    private static Vector128<byte> Narrow16(Vector512<int> sum)
    {
        Vector512<uint> values = Vector512.Min(sum >> TriangleFilter.PrecisionBits, Vector512.Create(255)).AsUInt32();
        return Avx512F.IsSupported
            ? Avx512F.ConvertToVector128Byte(values)
            : Vector128.Narrow(
                Vector256.Narrow(values.GetLower(), values.GetUpper()).GetLower(), Vector256.Narrow(values.GetLower(), values.GetUpper()).GetUpper());
    }
}
