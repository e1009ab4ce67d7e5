using NetVips;

namespace HrNetBatch.EndToEnd.Tests;

/// <summary>Small images of three classes that a network can tell apart: mostly red, mostly green, mostly blue.</summary>
internal static class ColourImages
{
    public const int Side = 64;

    public static IReadOnlyList<string> Labels { get; } = ["red", "green", "blue"];

    /// <summary>A PNG of the class, with noise of its own.</summary>
    public static byte[] Png(int label, Random random)
    {
        byte[] pixels = new byte[Side * Side * 3];
        random.NextBytes(pixels);
        for (int pixel = 0; pixel < Side * Side; pixel++)
            pixels[(pixel * 3) + label] = 255;
        using Image image = Image.NewFromMemory(pixels, Side, Side, 3, Enums.BandFormat.Uchar);
        return image.PngsaveBuffer();
    }
}
