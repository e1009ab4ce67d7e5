using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>
/// Products of a few rows with a block of weights: sums of rows × channels that stay in registers from the first tap to the last. A row's
/// values are read one by one and spread over a vector, so no row needs padding.
/// </summary>
internal static unsafe class Kernels
{
    /// <summary>Rows of a kernel with three vectors of channels, and of one with two: both fill twelve of sixteen registers with sums.</summary>
    internal const int RowsOfThree = 4, RowsOfTwo = 6;

    /// <summary>Sums over taps and channels: from the bias on, or from what stands in the results; what is added to them, and rectified.</summary>
    /// <param name="vectors">2 or 3: of the block.</param>
    /// <param name="rows">The first value of each of as many rows as the kernel has.</param>
    /// <param name="taps">Where each tap lies from there, in floats.</param>
    /// <param name="tapCount">How many.</param>
    /// <param name="depth">Channels of each tap.</param>
    /// <param name="weights">[taps, depth, vectors × lanes], aligned.</param>
    /// <param name="bias">[vectors × lanes]; null: the results' own values.</param>
    /// <param name="results">Where each row's channels go.</param>
    /// <param name="plus">What is added to each, or null.</param>
    /// <param name="channel">The block's first channel: how far its results lie from there.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    internal static void Multiply(
        int vectors, float** rows, nint* taps, int tapCount, int depth, float* weights, float* bias, float** results, float** plus, nint channel, bool relu)
    {
        if (vectors == 3)
            Four(rows, taps, tapCount, depth, weights, bias, results, plus, channel, relu);
        else
            Six(rows, taps, tapCount, depth, weights, bias, results, plus, channel, relu);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(float** rows, nint* taps, int tapCount, int depth, float* w, float* bias, float** results, float** plus, nint channel, bool relu)
    {
        float* from = bias != null ? bias : results[0] + channel;
        V s00 = Vector256.Load(from), s01 = Vector256.Load(from + 8), s02 = Vector256.Load(from + 16);
        from = bias != null ? bias : results[1] + channel;
        V s10 = Vector256.Load(from), s11 = Vector256.Load(from + 8), s12 = Vector256.Load(from + 16);
        from = bias != null ? bias : results[2] + channel;
        V s20 = Vector256.Load(from), s21 = Vector256.Load(from + 8), s22 = Vector256.Load(from + 16);
        from = bias != null ? bias : results[3] + channel;
        V s30 = Vector256.Load(from), s31 = Vector256.Load(from + 8), s32 = Vector256.Load(from + 16);
        for (int tap = 0; tap < tapCount; tap++)
        {
            nint offset = taps[tap];
            float* x0 = rows[0] + offset, x1 = rows[1] + offset, x2 = rows[2] + offset, x3 = rows[3] + offset;
            for (nint k = 0; k < depth; k++)
            {
                V w0 = Vector256.LoadAligned(w), w1 = Vector256.LoadAligned(w + 8), w2 = Vector256.LoadAligned(w + 16);
                w += 24;
                V x = Vector256.Create(x0[k]);
                s00 = Vector256.FusedMultiplyAdd(x, w0, s00);
                s01 = Vector256.FusedMultiplyAdd(x, w1, s01);
                s02 = Vector256.FusedMultiplyAdd(x, w2, s02);
                x = Vector256.Create(x1[k]);
                s10 = Vector256.FusedMultiplyAdd(x, w0, s10);
                s11 = Vector256.FusedMultiplyAdd(x, w1, s11);
                s12 = Vector256.FusedMultiplyAdd(x, w2, s12);
                x = Vector256.Create(x2[k]);
                s20 = Vector256.FusedMultiplyAdd(x, w0, s20);
                s21 = Vector256.FusedMultiplyAdd(x, w1, s21);
                s22 = Vector256.FusedMultiplyAdd(x, w2, s22);
                x = Vector256.Create(x3[k]);
                s30 = Vector256.FusedMultiplyAdd(x, w0, s30);
                s31 = Vector256.FusedMultiplyAdd(x, w1, s31);
                s32 = Vector256.FusedMultiplyAdd(x, w2, s32);
            }
        }
        Store(results[0] + channel, plus == null ? null : plus[0] + channel, relu, s00, s01, s02);
        Store(results[1] + channel, plus == null ? null : plus[1] + channel, relu, s10, s11, s12);
        Store(results[2] + channel, plus == null ? null : plus[2] + channel, relu, s20, s21, s22);
        Store(results[3] + channel, plus == null ? null : plus[3] + channel, relu, s30, s31, s32);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six(float** rows, nint* taps, int tapCount, int depth, float* w, float* bias, float** results, float** plus, nint channel, bool relu)
    {
        float* from = bias != null ? bias : results[0] + channel;
        V s00 = Vector256.Load(from), s01 = Vector256.Load(from + 8);
        from = bias != null ? bias : results[1] + channel;
        V s10 = Vector256.Load(from), s11 = Vector256.Load(from + 8);
        from = bias != null ? bias : results[2] + channel;
        V s20 = Vector256.Load(from), s21 = Vector256.Load(from + 8);
        from = bias != null ? bias : results[3] + channel;
        V s30 = Vector256.Load(from), s31 = Vector256.Load(from + 8);
        from = bias != null ? bias : results[4] + channel;
        V s40 = Vector256.Load(from), s41 = Vector256.Load(from + 8);
        from = bias != null ? bias : results[5] + channel;
        V s50 = Vector256.Load(from), s51 = Vector256.Load(from + 8);
        for (int tap = 0; tap < tapCount; tap++)
        {
            nint offset = taps[tap];
            float* x0 = rows[0] + offset, x1 = rows[1] + offset, x2 = rows[2] + offset, x3 = rows[3] + offset, x4 = rows[4] + offset, x5 = rows[5] + offset;
            for (nint k = 0; k < depth; k++)
            {
                V w0 = Vector256.LoadAligned(w), w1 = Vector256.LoadAligned(w + 8);
                w += 16;
                V x = Vector256.Create(x0[k]);
                s00 = Vector256.FusedMultiplyAdd(x, w0, s00);
                s01 = Vector256.FusedMultiplyAdd(x, w1, s01);
                x = Vector256.Create(x1[k]);
                s10 = Vector256.FusedMultiplyAdd(x, w0, s10);
                s11 = Vector256.FusedMultiplyAdd(x, w1, s11);
                x = Vector256.Create(x2[k]);
                s20 = Vector256.FusedMultiplyAdd(x, w0, s20);
                s21 = Vector256.FusedMultiplyAdd(x, w1, s21);
                x = Vector256.Create(x3[k]);
                s30 = Vector256.FusedMultiplyAdd(x, w0, s30);
                s31 = Vector256.FusedMultiplyAdd(x, w1, s31);
                x = Vector256.Create(x4[k]);
                s40 = Vector256.FusedMultiplyAdd(x, w0, s40);
                s41 = Vector256.FusedMultiplyAdd(x, w1, s41);
                x = Vector256.Create(x5[k]);
                s50 = Vector256.FusedMultiplyAdd(x, w0, s50);
                s51 = Vector256.FusedMultiplyAdd(x, w1, s51);
            }
        }
        Store(results[0] + channel, plus == null ? null : plus[0] + channel, relu, s00, s01);
        Store(results[1] + channel, plus == null ? null : plus[1] + channel, relu, s10, s11);
        Store(results[2] + channel, plus == null ? null : plus[2] + channel, relu, s20, s21);
        Store(results[3] + channel, plus == null ? null : plus[3] + channel, relu, s30, s31);
        Store(results[4] + channel, plus == null ? null : plus[4] + channel, relu, s40, s41);
        Store(results[5] + channel, plus == null ? null : plus[5] + channel, relu, s50, s51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* result, float* plus, bool relu, V s0, V s1, V s2)
    {
        Store(result, plus, relu, s0, s1);
        Finish(s2, plus == null ? null : plus + 16, relu).Store(result + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* result, float* plus, bool relu, V s0, V s1)
    {
        Finish(s0, plus, relu).Store(result);
        Finish(s1, plus == null ? null : plus + 8, relu).Store(result + 8);
    }

    /// <summary>relu?(sum + plus?).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Finish(V sum, float* plus, bool relu)
    {
        if (plus != null)
            sum += Vector256.Load(plus);
        return relu ? Vector256.MaxNative(sum, V.Zero) : sum;
    }
}
