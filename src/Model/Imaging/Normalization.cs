namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Bytes to the network's floats: torchvision's ToTensor and Normalize with ImageNet's mean and deviation, (v / 255 − mean) / std in
/// float32, looked up in a table of the 3 × 256 possible results.
/// </summary>
internal static class Normalization
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Deviation = [0.229f, 0.224f, 0.225f];
    private static readonly float[][] Table = [.. Enumerable.Range(0, 3).Select(channel => Enumerable.Range(0, 256)
        .Select(value => ((value / 255f) - Mean[channel]) / Deviation[channel]).ToArray())];

    /// <summary>Writes one row of RGBX pixels into the rows of the three planes, mirrored if asked for.</summary>
    public static void WriteRow(ReadOnlySpan<byte> rgbx, Span<float> red, Span<float> green, Span<float> blue, bool mirrored)
    {
        float[] reds = Table[0], greens = Table[1], blues = Table[2];
        int step = mirrored ? -1 : 1;
        int target = mirrored ? red.Length - 1 : 0;
        for (int source = 0; source < rgbx.Length; source += RgbImage.BytesPerPixel, target += step)
        {
            red[target] = reds[rgbx[source]];
            green[target] = greens[rgbx[source + 1]];
            blue[target] = blues[rgbx[source + 2]];
        }
    }

    /// <summary>Fills three planes with what a black pixel becomes.</summary>
    public static void FillBlack(Span<float> chw)
    {
        int plane = chw.Length / 3;
        for (int channel = 0; channel < 3; channel++)
            chw.Slice(channel * plane, plane).Fill(Table[channel][0]);
    }
}
