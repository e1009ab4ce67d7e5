using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>The transforms of F(4×4, 3×3), a vector of channels at a time. Matrices: Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks".</summary>
internal static unsafe class WinogradTransforms
{
    private const int Side = 6, Tile = 4, Kernel = 3;

    private static readonly double[,] OfWeight =
    {
        { 1 / 4.0, 0, 0 }, { -1 / 6.0, -1 / 6.0, -1 / 6.0 }, { -1 / 6.0, 1 / 6.0, -1 / 6.0 },
        { 1 / 24.0, 1 / 12.0, 1 / 6.0 }, { 1 / 24.0, -1 / 12.0, 1 / 6.0 }, { 0, 0, 1 },
    };

    /// <summary>G g Gᵀ of a 3×3 square, in float64.</summary>
    /// <param name="square">[3, 3].</param>
    /// <param name="places">[6, 6], written.</param>
    internal static void OfWeights(ReadOnlySpan<float> square, Span<float> places)
    {
        Span<double> half = stackalloc double[Side * Kernel];
        for (int i = 0; i < Side; i++)
        {
            for (int q = 0; q < Kernel; q++)
            {
                double sum = 0;
                for (int p = 0; p < Kernel; p++)
                    sum += OfWeight[i, p] * square[p * Kernel + q];
                half[i * Kernel + q] = sum;
            }
        }
        for (int i = 0; i < Side; i++)
        {
            for (int j = 0; j < Side; j++)
            {
                double sum = 0;
                for (int q = 0; q < Kernel; q++)
                    sum += half[i * Kernel + q] * OfWeight[j, q];
                places[i * Side + j] = (float)sum;
            }
        }
    }

    /// <summary>Bᵀ d B of a square of 6×6 pixels, for all their channels.</summary>
    /// <param name="square">Its first pixel.</param>
    /// <param name="rowStride">Floats to the pixel below.</param>
    /// <param name="channels">Floats to the right neighbour; a multiple of the vector's.</param>
    /// <param name="result">Where the first place's channels go.</param>
    /// <param name="placeStride">Floats to the next place's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OfInput(float* square, nint rowStride, int channels, float* result, nint placeStride)
    {
        V* half = stackalloc V[Side * Side];
        for (int channel = 0; channel < channels; channel += V.Count)
        {
            float* from = square + channel;
            for (int x = 0; x < Side; x++, from += channels)
            {
                Input(
                    Vector256.Load(from), Vector256.Load(from + rowStride), Vector256.Load(from + 2 * rowStride),
                    Vector256.Load(from + 3 * rowStride), Vector256.Load(from + 4 * rowStride), Vector256.Load(from + 5 * rowStride),
                    out half[x], out half[Side + x], out half[2 * Side + x], out half[3 * Side + x], out half[4 * Side + x], out half[5 * Side + x]);
            }
            float* to = result + channel;
            for (int y = 0; y < Side; y++, to += Side * placeStride)
            {
                V* row = half + y * Side;
                Input(row[0], row[1], row[2], row[3], row[4], row[5], out V t0, out V t1, out V t2, out V t3, out V t4, out V t5);
                t0.Store(to);
                t1.Store(to + placeStride);
                t2.Store(to + 2 * placeStride);
                t3.Store(to + 3 * placeStride);
                t4.Store(to + 4 * placeStride);
                t5.Store(to + 5 * placeStride);
            }
        }
    }

    /// <summary>relu?(Aᵀ m A + bias + plus?) of a tile, for all its channels.</summary>
    /// <param name="products">The first place's channels.</param>
    /// <param name="placeStride">Floats to the next place's.</param>
    /// <param name="bias">Of the channels.</param>
    /// <param name="plus">What is added to the tile's first pixel; the others lie as those of the result. Or null.</param>
    /// <param name="result">Where its first pixel goes.</param>
    /// <param name="rowStride">Floats to the pixel below.</param>
    /// <param name="channels">Floats to the right neighbour; a multiple of the vector's.</param>
    /// <param name="height">Rows of the tile that lie in the image: 1 to 4.</param>
    /// <param name="width">Columns of it: 1 to 4.</param>
    /// <param name="relu">Whether negative values become 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OfOutput(
        float* products, nint placeStride, float* bias, float* plus, float* result, nint rowStride, int channels, int height, int width, bool relu)
    {
        V* half = stackalloc V[Tile * Side];
        V* row = stackalloc V[Tile];
        for (int channel = 0; channel < channels; channel += V.Count)
        {
            float* from = products + channel;
            for (int x = 0; x < Side; x++, from += placeStride)
            {
                Output(
                    Vector256.Load(from), Vector256.Load(from + Side * placeStride), Vector256.Load(from + 2 * Side * placeStride),
                    Vector256.Load(from + 3 * Side * placeStride), Vector256.Load(from + 4 * Side * placeStride), Vector256.Load(from + 5 * Side * placeStride),
                    out half[x], out half[Side + x], out half[2 * Side + x], out half[3 * Side + x]);
            }
            V b = Vector256.Load(bias + channel);
            for (int y = 0; y < height; y++)
            {
                V* m = half + y * Side;
                Output(m[0], m[1], m[2], m[3], m[4], m[5], out row[0], out row[1], out row[2], out row[3]);
                nint at = y * rowStride + channel;
                for (int x = 0; x < width; x++, at += channels)
                    Kernels.Finish(row[x] + b, plus == null ? null : plus + at, relu).Store(result + at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input(V x0, V x1, V x2, V x3, V x4, V x5, out V y0, out V y1, out V y2, out V y3, out V y4, out V y5)
    {
        V four = Vector256.Create(4f), minusFive = Vector256.Create(-5f), minusFour = Vector256.Create(-4f), two = Vector256.Create(2f);
        V even = Vector256.FusedMultiplyAdd(minusFour, x2, x4), odd = Vector256.FusedMultiplyAdd(minusFour, x1, x3);
        V evens = x4 - x2, odds = two * (x3 - x1);
        y0 = Vector256.FusedMultiplyAdd(four, x0, Vector256.FusedMultiplyAdd(minusFive, x2, x4));
        y1 = even + odd;
        y2 = even - odd;
        y3 = evens + odds;
        y4 = evens - odds;
        y5 = Vector256.FusedMultiplyAdd(four, x1, Vector256.FusedMultiplyAdd(minusFive, x3, x5));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Output(V x0, V x1, V x2, V x3, V x4, V x5, out V y0, out V y1, out V y2, out V y3)
    {
        V sum1 = x1 + x2, difference1 = x1 - x2, sum2 = x3 + x4, difference2 = x3 - x4;
        y0 = x0 + sum1 + sum2;
        y1 = Vector256.FusedMultiplyAdd(Vector256.Create(2f), difference2, difference1);
        y2 = Vector256.FusedMultiplyAdd(Vector256.Create(4f), sum2, sum1);
        y3 = Vector256.FusedMultiplyAdd(Vector256.Create(8f), difference2, difference1) + x5;
    }
}
