namespace HrNetBatch.Model.Imaging;

/// <summary>From the layouts that decoders deliver to RGBX, with PIL's formulas of <c>convert("RGB")</c>.</summary>
internal static class PixelLayouts
{
    /// <summary>Grey (1 band), grey + alpha (2), RGB (3) or RGBA (4); alpha is dropped, not blended, as PIL does.</summary>
    public static void Unpack(ReadOnlySpan<byte> samples, int bandCount, Span<byte> rgbx)
    {
        bool grey = bandCount < 3;
        for (int source = 0, target = 0; target < rgbx.Length; source += bandCount, target += RgbImage.BytesPerPixel)
        {
            rgbx[target] = samples[source];
            rgbx[target + 1] = grey ? samples[source] : samples[source + 1];
            rgbx[target + 2] = grey ? samples[source] : samples[source + 2];
        }
    }

    /// <summary>
    /// 16-bit samples. Colours and grey + alpha keep their high byte. Plain grey is clipped at 255 instead: Pillow up to at least
    /// 9.4 opens it as mode "I", whose conversion to RGB saturates.
    /// </summary>
    public static void Unpack(ReadOnlySpan<ushort> samples, int bandCount, bool clips, Span<byte> rgbx)
    {
        bool grey = bandCount < 3;
        for (int source = 0, target = 0; target < rgbx.Length; source += bandCount, target += RgbImage.BytesPerPixel)
        {
            rgbx[target] = ToByte(samples[source], clips);
            rgbx[target + 1] = grey ? rgbx[target] : ToByte(samples[source + 1], clips);
            rgbx[target + 2] = grey ? rgbx[target] : ToByte(samples[source + 2], clips);
        }
    }

    /// <summary>CMYK, in place: four bytes a pixel become RGBX.</summary>
    /// <param name="pixels">The pixels.</param>
    /// <param name="inverted">Whether 255 means no ink, as in every JPEG that Adobe wrote (PIL takes all CMYK JPEGs so).</param>
    public static void CmykToRgb(Span<byte> pixels, bool inverted)
    {
        int flip = inverted ? 255 : 0;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
        {
            int paper = 255 - (pixels[at + 3] ^ flip);
            for (int channel = 0; channel < 3; channel++)
                pixels[at + channel] = (byte)Math.Clamp(paper - MultiplyOver255(pixels[at + channel] ^ flip, paper), 0, 255);
        }
    }

    private static byte ToByte(ushort sample, bool clips) => (byte)(clips ? Math.Min(sample, (ushort)255) : sample >> 8);

    // a × b / 255, rounded: libImaging's MULDIV255.
    private static int MultiplyOver255(int a, int b)
    {
        int product = (a * b) + 128;
        return ((product >> 8) + product) >> 8;
    }
}
