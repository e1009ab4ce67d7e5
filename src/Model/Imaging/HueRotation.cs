namespace HrNetBatch.Model.Imaging;

/// <summary>torchvision's adjust_hue on PIL images, bit for bit: to PIL's HSV in bytes, where the hue is turned, and back.</summary>
internal static class HueRotation
{
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
        hue = (float)(((hue / 6.0) + 1.0) % 1.0);
        return ((byte)Math.Clamp((int)(hue * 255.0), 0, 255), (byte)Math.Clamp((int)(saturation * 255.0), 0, 255), most);
    }

    private static void ToRgb(byte hue, byte saturation, byte value, Span<byte> rgb)
    {
        if (saturation == 0)
        {
            rgb.Fill(value);
            return;
        }
        int sextant = (int)Math.Floor(hue * 6.0 / 255.0);
        float rest = (float)((hue * 6.0 / 255.0) - sextant);
        float share = (float)(saturation / 255.0);
        byte p = Round(value * (1.0 - share));
        byte q = Round(value * (1.0 - (share * rest)));
        byte t = Round(value * (1.0 - (share * (1.0 - rest))));
        (rgb[0], rgb[1], rgb[2]) = (sextant % 6) switch
        {
            0 => (value, t, p),
            1 => (q, value, p),
            2 => (p, value, t),
            3 => (p, q, value),
            4 => (t, p, value),
            _ => (value, p, q),
        };
    }

    private static byte Round(double value) => (byte)Math.Clamp(Math.Round(value, MidpointRounding.AwayFromZero), 0, 255);
}
