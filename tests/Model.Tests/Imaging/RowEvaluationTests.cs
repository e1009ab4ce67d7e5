using HrNetBatch.Model.Imaging;
using NetVips;

namespace HrNetBatch.Model.Tests.Imaging;

/// <summary>An image that is read row by row gives the values of one that lies in memory whole, bit for bit, and the same reasons.</summary>
public sealed class RowEvaluationTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden");

    public static TheoryData<string> GoldenFiles => [.. ReferenceImage.ReadAll(Golden).Select(image => image.File)];

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void Evaluate_IsTheSameRowByRow(string file)
    {
        byte[] encoded = File.ReadAllBytes(Path.Combine(Golden, file));
        foreach ((int size, double ratio) in ((int, double)[])[(32, 0.875), (64, 1.0), (96, 0.5)])
            Assert.Equal(Evaluated(encoded, size, ratio, isRowByRow: false), Evaluated(encoded, size, ratio, isRowByRow: true));
    }

    [Fact]
    public void Evaluate_IsTheSameRowByRow_AtSizesDrawnAtRandom()
    {
        var random = new Random(14);
        for (int trial = 0; trial < 60; trial++)
        {
            int width = random.Next(1, 300), height = random.Next(1, 300), bands = random.Next(1, 5);
            byte[] pixels = new byte[width * height * bands];
            random.NextBytes(pixels);
            using Image image = Image.NewFromMemory(pixels, width, height, bands, Enums.BandFormat.Uchar);
            byte[] encoded = trial % 3 == 0 ? image.TiffsaveBuffer() : trial % 3 == 1 && bands is 1 or 3 ? image.JpegsaveBuffer() : image.PngsaveBuffer(interlace: trial % 2 == 0);
            int size = 32 * random.Next(1, 4);
            double ratio = 0.5 + (random.NextDouble() / 2);
            Assert.Equal(Evaluated(encoded, size, ratio, isRowByRow: false), Evaluated(encoded, size, ratio, isRowByRow: true));
        }
    }

    /// <summary>What is behind the rows that the crop needs is decoded too: a file that is cut off there is refused.</summary>
    [Fact]
    public void Evaluate_RefusesAnImageThatIsCutOff_BelowTheCrop()
    {
        byte[] png = File.ReadAllBytes(Path.Combine(Golden, "rgb.png"));
        Assert.StartsWith("ImageException", Evaluated(png[..^40], 32, 0.3, isRowByRow: true), StringComparison.Ordinal);
    }

    /// <summary>13,300 × 13,300: more than 700 MB of pixels, and a tenth of it is enough.</summary>
    [Fact]
    public void Evaluate_TakesALargeImage_WhereItsPixelsWouldNotFit()
    {
        using Image black = Image.Black(13_300, 13_300);
        byte[] png = black.PngsaveBuffer(bitdepth: 1);
        var limits = DecodingLimits.Default with { Budget = new DecodingBudget(100_000_000) };
        var chw = new float[Preprocessing.FloatCount(224)];

        ImageDecoder.Evaluate(png, 224, chw, 0.875, limits, largePixelBytes: 64 << 20);

        Assert.Equal(-0.485f / 0.229f, chw[0], 1e-5f);
        Assert.Equal(limits.Budget.TotalBytes, limits.Budget.FreeBytes);
    }

    private static string Evaluated(byte[] encoded, int size, double ratio, bool isRowByRow)
    {
        var chw = new float[Preprocessing.FloatCount(size)];
        Array.Fill(chw, float.NaN);
        try
        {
            ImageDecoder.Evaluate(encoded, size, chw, ratio, DecodingLimits.Default, isRowByRow ? 0 : long.MaxValue);
            return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(chw)));
        }
        catch (ImageException e)
        {
            return $"ImageException {e.Message}";
        }
    }
}
