using HrNetBatch.Model.Imaging;
using NetVips;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>Small encoded images that differ from one another.</summary>
internal static class Images
{
    public static byte[] Jpeg(int seed)
    {
        const int width = 24, height = 18;
        SplitMix64 random = SplitMix64.For(seed);
        var rgb = new byte[3 * width * height];
        for (int at = 0; at < rgb.Length; at++)
            rgb[at] = (byte)random.NextInt(256);
        using Image image = Image.NewFromMemory(rgb, width, height, 3, Enums.BandFormat.Uchar);
        return image.JpegsaveBuffer();
    }
}
