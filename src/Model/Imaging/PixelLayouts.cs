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

    /// <summary>Undoes what alpha, the fourth band, did to colours that were multiplied by it: libImaging's unpackRGBa.</summary>
    public static void DivideByAlpha(ReadOnlySpan<byte> samples, int bandCount, Span<byte> rgbx)
    {
        for (int source = 3, target = 0; target < rgbx.Length; source += bandCount, target += RgbImage.BytesPerPixel)
            for (int channel = 0; channel < 3; channel++)
                rgbx[target + channel] = samples[source] == 0 ? (byte)0 : (byte)Math.Min(255, rgbx[target + channel] * 255 / samples[source]);
    }

    /// <summary>A row of palette indices of 1, 2, 4 or 8 bits, the leftmost in the highest bits.</summary>
    /// <param name="row">At least as many bytes as the pixels take.</param>
    /// <param name="bits">Bits of an index.</param>
    /// <param name="colors">256 colours of three bytes.</param>
    /// <param name="rgbx">Receives the pixels; its length says how many.</param>
    public static void UnpackIndices(ReadOnlySpan<byte> row, int bits, ReadOnlySpan<byte> colors, Span<byte> rgbx)
    {
        int mask = (1 << bits) - 1;
        for (int pixel = 0, target = 0; target < rgbx.Length; pixel++, target += RgbImage.BytesPerPixel)
        {
            int bit = pixel * bits;
            int index = (row[bit >> 3] >> (8 - bits - (bit & 7))) & mask;
            colors.Slice(index * 3, 3).CopyTo(rgbx[target..]);
        }
    }

    /// <summary>The colours of Pillow's palettes before a file's own are put over them: greys, which an index keeps that the file's palette lacks.</summary>
    public static byte[] GreyPalette()
    {
        byte[] colors = new byte[256 * 3];
        for (int at = 0; at < colors.Length; at++)
            colors[at] = (byte)(at / 3);
        return colors;
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
