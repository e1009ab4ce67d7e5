namespace HrNetBatch.Model.Imaging;

/// <summary>torchvision's adjust_hue on PIL images, bit for bit: to PIL's HSV in bytes, where the hue is turned, and back.</summary>
internal static class HueRotation
{
    // By the byte of the hue: its sixth of the circle, and the share of that sixth. By the byte of the saturation: its share.
    private static readonly int[] Sextants = [.. Enumerable.Range(0, 256).Select(hue => (int)Math.Floor(hue * 6.0 / 255.0))];
    private static readonly float[] Rests = [.. Enumerable.Range(0, 256).Select(hue => (float)((hue * 6.0 / 255.0) - Sextants[hue]))];
    private static readonly float[] Shares = [.. Enumerable.Range(0, 256).Select(saturation => (float)(saturation / 255.0))];

    /// <summary>Turns the hues by a share of the colour circle, from −0.5 to 0.5.</summary>
    public static void Apply(RgbImage image, double turn)
    {
        byte shift = unchecked((byte)(int)(turn * 255));
        Span<byte> pixels = image.Pixels;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
        {
            Span<byte> pixel = pixels.Slice(at, 3);
            (byte hue, byte saturation, byte value) = ToHsv(pixel[0], pixel[1], pixel[2]);
            ToRgb(unchecked((byte)(hue + shift)), saturation, value, pixel);
        }
    }

    // As in libImaging's Convert.c, single and double precision where they are there.
    private static (byte Hue, byte Saturation, byte Value) ToHsv(byte red, byte green, byte blue)
    {
        byte most = Math.Max(red, Math.Max(green, blue)), least = Math.Min(red, Math.Min(green, blue));
        if (least == most)
            return (0, 0, most);
        float range = most - least;
        float saturation = range / most;
        float redGap = (most - red) / range, greenGap = (most - green) / range, blueGap = (most - blue) / range;
        float hue = red == most ? blueGap - greenGap
            : green == most ? (float)(2.0 + redGap - blueGap)
            : (float)(4.0 + greenGap - redGap);
        // The remainder of a division by 1, of a number below 2.
        double turned = (hue / 6.0) + 1.0;
        hue = (float)(turned >= 1.0 ? turned - 1.0 : turned);
        return ((byte)double.ConvertToIntegerNative<int>(hue * 255.0), (byte)double.ConvertToIntegerNative<int>(saturation * 255.0), most);
    }

    private static void ToRgb(byte hue, byte saturation, byte value, Span<byte> rgb)
    {
        if (saturation == 0)
        {
            rgb.Fill(value);
            return;
        }
        float rest = Rests[hue], share = Shares[saturation];
        byte p = Round(value * (1.0 - share));
        byte q = Round(value * (1.0 - (share * rest)));
        byte t = Round(value * (1.0 - (share * (1.0 - rest))));
        (rgb[0], rgb[1], rgb[2]) = (Sextants[hue] % 6) switch
        {
            0 => (value, t, p),
            1 => (q, value, p),
            2 => (p, value, t),
            3 => (p, q, value),
            4 => (t, p, value),
            _ => (value, p, q),
        };
    }

    // Halves away from zero; the values lie between 0 and 255.
    private static byte Round(double value)
    {
        int whole = double.ConvertToIntegerNative<int>(value);
        return (byte)(value - whole >= 0.5 ? whole + 1 : whole);
    }
}
