using System.Globalization;
using System.Text.Json;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Tests.Data;
using HrNetBatch.Model.Tests.Goldens;
using NetVips;

namespace HrNetBatch.Model.Tests.Evaluation;

public sealed class ValidationParityTests
{
    private const int ClassCount = 10, ImageCount = 60;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The line of Goldens/validation_meters.py: the original's valid.py on the same images, out of PNG files, with the same weights.</summary>
    [Fact]
    public async Task Report_IsWhatTheOriginalsValidPyPrints()
    {
        using var golden = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Goldens", "validation_meters.json"), Token));
        string[] expected = Fields(golden.RootElement.GetProperty("line").GetString()!);
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), ClassCount);
        FormulaWeights.Fill(network);
        var shards = new Shards();
        shards.Add("images.tar", await Shards.WriteAsync(async writer =>
        {
            for (int i = 0; i < ImageCount; i++)
                await writer.WriteAsync($"{i:000}", "png", Png(i), i % ClassCount);
        }));
        var loader = new BatchLoader(shards.Names, shards.OpenAsync, new BatchLoaderOptions { BatchSize = 7, ImageSize = 64, ClassCount = ClassCount, ThreadCount = 2 });

        EvaluationReport report = await Evaluator.ReportAsync(
            network, loader.ReadAsync(epoch: 0, cancellationToken: Token), new EvaluationOptions { ThreadCount = 2 }, Token);

        string[] actual = Fields(MeterLine.Of(report));
        Assert.Equal(ImageCount, report.Result.Count);
        Assert.Equal(Number(expected[1]), Number(actual[1]), 2e-4);   // the last of four decimals
        Assert.Equal(expected[2..], actual[2..]);                     // Error@1, Error@5, Accuracy@1, Accuracy@5
        Assert.InRange(report.Result.Top1, 0.01, 0.99);               // else there would be nothing to compare
    }

    // "Test: Time 0.250", "Loss 0.9877", …; the time is of another machine.
    private static string[] Fields(string line) => line.TrimEnd('\t').Split('\t');

    private static double Number(string field) => double.Parse(field.Split(' ')[1], CultureInfo.InvariantCulture);

    private static byte[] Png(int i)
    {
        int width = 50 + (7 * (i % 9)), height = 110 - (5 * (i % 11));
        byte[] rgb = new byte[3 * width * height];
        for (int at = 0; at < rgb.Length; at++)
        {
            int channel = at % 3, x = at / 3 % width, y = at / 3 / width;
            rgb[at] = (byte)((x * (3 + i)) + (y * (5 + (2 * i))) + (channel * 40 * (i + 1)) + (x * y / 7));
        }
        using Image image = Image.NewFromMemory(rgb, width, height, 3, Enums.BandFormat.Uchar);
        return image.PngsaveBuffer();
    }
}
