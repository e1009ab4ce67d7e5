using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Bytes to the network's floats: torchvision's ToTensor and Normalize with ImageNet's mean and deviation, (v / 255 − mean) / std in
/// float32, looked up in a table of the 3 × 256 possible results.
/// </summary>
internal static class Normalization
{
    internal static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    internal static readonly float[] Deviation = [0.229f, 0.224f, 0.225f];
    private static readonly float[][] Table = [.. Enumerable.Range(0, 3).Select(channel => Enumerable.Range(0, 256)
        .Select(value => ((value / 255f) - Mean[channel]) / Deviation[channel]).ToArray())];

    /// <summary>Writes one row of RGBX pixels into the rows of the three planes, mirrored if asked for.</summary>
    public static void WriteRow(ReadOnlySpan<byte> rgbx, Span<float> red, Span<float> green, Span<float> blue, bool mirrored)
    {
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(rgbx);
        red = red[..pixels.Length];
        green = green[..pixels.Length];
        blue = blue[..pixels.Length];
        // A byte as an index needs no check of bounds: the tables have 256 entries, and references say so.
        ref float reds = ref Table[0][0], greens = ref Table[1][0], blues = ref Table[2][0];
        for (int source = 0; source < pixels.Length; source++)
        {
            uint pixel = pixels[source];
            red[source] = Unsafe.Add(ref reds, (byte)pixel);
            green[source] = Unsafe.Add(ref greens, (byte)(pixel >> 8));
            blue[source] = Unsafe.Add(ref blues, (byte)(pixel >> 16));
        }
        if (!mirrored)
            return;
        red.Reverse();
        green.Reverse();
        blue.Reverse();
    }

    /// <summary>Fills three planes with what a black pixel becomes.</summary>
    public static void FillBlack(Span<float> chw)
    {
        int plane = chw.Length / 3;
        for (int channel = 0; channel < 3; channel++)
            chw.Slice(channel * plane, plane).Fill(Table[channel][0]);
    }
}
