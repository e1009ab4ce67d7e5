namespace HrNetBatch.Model.Imaging;

/// <summary>PIL's ImageOps that map each channel's bytes by a table, bit for bit.</summary>
internal static class LookupOperations
{
    private const int Values = 256;

    /// <summary>Keeps the highest bits of each byte.</summary>
    public static void Posterize(RgbImage image, int bits)
    {
        int mask = ~((1 << (8 - bits)) - 1);
        Span<byte> table = stackalloc byte[Values];
        for (int value = 0; value < Values; value++)
            table[value] = (byte)(value & mask);
        Apply(image, table, table, table);
    }

    /// <summary>Inverts all values from a threshold on.</summary>
    public static void Solarize(RgbImage image, double threshold)
    {
        Span<byte> table = stackalloc byte[Values];
        for (int value = 0; value < Values; value++)
            table[value] = (byte)(value < threshold ? value : 255 - value);
        Apply(image, table, table, table);
    }

    /// <summary>Stretches each channel so that its darkest value is 0 and its brightest 255.</summary>
    public static void AutoContrast(RgbImage image) => ByHistogram(image, (histogram, table) =>
    {
        int darkest = histogram.IndexOfAnyExcept(0), brightest = histogram.LastIndexOfAnyExcept(0);
        if (brightest <= darkest)
            return false;
        double scale = 255.0 / (brightest - darkest), offset = -darkest * scale;
        for (int value = 0; value < Values; value++)
            table[value] = (byte)Math.Clamp((int)((value * scale) + offset), 0, 255);
        return true;
    });

    /// <summary>Spreads each channel's values so that all are about equally frequent.</summary>
    public static void Equalize(RgbImage image) => ByHistogram(image, (histogram, table) =>
    {
        int last = histogram[histogram.LastIndexOfAnyExcept(0)], sum = 0;
        foreach (int count in histogram)
            sum += count;
        // A single value leaves nothing to spread: the step is 0 then too.
        int step = (sum - last) / 255;
        if (step == 0)
            return false;
        int before = step / 2;
        for (int value = 0; value < Values; value++)
        {
            table[value] = (byte)Math.Min(before / step, 255);
            before += histogram[value];
        }
        return true;
    });

    /// <summary>Maps each channel by its table of 256 bytes.</summary>
    public static void Apply(RgbImage image, ReadOnlySpan<byte> red, ReadOnlySpan<byte> green, ReadOnlySpan<byte> blue)
    {
        Span<byte> pixels = image.Pixels;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
        {
            pixels[at] = red[pixels[at]];
            pixels[at + 1] = green[pixels[at + 1]];
            pixels[at + 2] = blue[pixels[at + 2]];
        }
    }

    private delegate bool TableMaker(ReadOnlySpan<int> histogram, Span<byte> table);

    // A table is made of each channel's own histogram; false leaves the channel as it is.
    private static void ByHistogram(RgbImage image, TableMaker make)
    {
        Span<int> histogram = stackalloc int[3 * Values];
        ReadOnlySpan<byte> pixels = image.Pixels;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
            for (int channel = 0; channel < 3; channel++)
                histogram[(channel * Values) + pixels[at + channel]]++;

        Span<byte> tables = stackalloc byte[3 * Values];
        for (int channel = 0; channel < 3; channel++)
        {
            Span<byte> table = tables.Slice(channel * Values, Values);
            if (make(histogram.Slice(channel * Values, Values), table))
                continue;
            for (int value = 0; value < Values; value++)
                table[value] = (byte)value;
        }
        Apply(image, tables[..Values], tables.Slice(Values, Values), tables[(2 * Values)..]);
    }
}
