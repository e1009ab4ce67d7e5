using System.Text;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Jobs.Tests.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Validate;

public sealed class ValidateHandlerTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        await _bench.WriteShardAsync("unnumbered/part.tar", [("ant", 0), ("bee", 1)]);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Execute_FindsWhatTheTrainJobFound_InTheCheckpointThatItMade()
    {
        JsonElement trained = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(_bench.Arguments("run/") with { EpochCount = 1 })).Result;
        string best = trained.GetProperty("best").GetString()!;

        JsonElement validated = Ended.As<Outcome.Succeeded>(
            await _bench.RunAsync(new ValidateArguments { Checkpoint = best, Data = _bench.Path("shards/"), BatchSize = 4 })).Result;

        Assert.Equal(12, validated.GetProperty("count").GetInt64());
        Assert.Equal(best, validated.GetProperty("checkpoint").GetString());
        foreach (string field in new[] { "loss", "top1", "top5" })
            Assert.Equal(trained.GetProperty(field).GetDouble(), validated.GetProperty(field).GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Execute_WritesTheReportWithItsTablesAndMistakes()
    {
        await _bench.WriteWeightsAsync("weights.pth");
        Guid job = await _bench.SubmitAsync(Arguments with { Output = _bench.Path("report"), MistakeCount = 2 });

        JsonElement result = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job))).Result;

        Assert.Equal(_bench.Path("report/report.json"), result.GetProperty("report").GetString());
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(await _bench.ReadAsync("report/report.json"));
        foreach (string field in new[] { "loss", "top1", "top5", "calibrationError", "imagesPerSecond" })
            Assert.Equal(result.GetProperty(field).GetDouble(), report.GetProperty(field).GetDouble());
        Assert.Equal(1 - report.GetProperty("top1").GetDouble(), report.GetProperty("error1").GetDouble());
        Assert.Equal(12, report.GetProperty("confusion").EnumerateArray().Sum(cell => cell.GetProperty("count").GetInt64()));
        Assert.Equal([4, 4, 4], report.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("count").GetInt64()));

        JsonElement[] mistakes = [.. JsonSerializer.Deserialize<JsonElement>(await _bench.ReadAsync("report/mistakes.json")).EnumerateArray()];
        Assert.Equal(["mistakes/0001.png", "mistakes/0002.png"], mistakes.Select(mistake => mistake.GetProperty("image").GetString()));
        Assert.True(mistakes[0].GetProperty("loss").GetDouble() >= mistakes[1].GetProperty("loss").GetDouble());
        Assert.Equal(TrainingBench.Noise(mistakes[0].GetProperty("key").GetString()!), await _bench.ReadAsync("report/mistakes/0001.png"));

        string[] classes = Encoding.UTF8.GetString(await _bench.ReadAsync("report/classes.csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, classes.Length);
        Assert.StartsWith("index,label,count,top1,", classes[0], StringComparison.Ordinal);
        Assert.StartsWith("0,ant,4,", classes[1], StringComparison.Ordinal);
        Assert.StartsWith("index,label,predicted_index,predicted_label,count", Encoding.UTF8.GetString(await _bench.ReadAsync("report/confusion.csv")), StringComparison.Ordinal);

        JsonElement recorded = (await _bench.Metrics.FindReportAsync(job, TestContext.Current.CancellationToken))!.Value;
        Assert.Equal(report.GetProperty("loss").GetDouble(), recorded.GetProperty("loss").GetDouble());
        string[] curves = [.. (await _bench.Metrics.ReadLatestAsync(job, TestContext.Current.CancellationToken)).Select(point => point.Name)];
        Assert.Equal(["valid_ece", "valid_images_per_second", "valid_loss", "valid_top1", "valid_top5"], curves.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Execute_RefusesTheOutputOfAnotherJob_BeforeItMeasures()
    {
        await _bench.WriteWeightsAsync("weights.pth");
        ValidateArguments arguments = Arguments with { Output = _bench.Path("report/") };
        Guid first = await _bench.SubmitAsync(arguments);
        await _bench.RunAsync(await _bench.ClaimAsync(first));
        byte[] before = await _bench.ReadAsync("report/report.json");

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(arguments));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains($"report/report.json already exists and belongs to job {first}", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await _bench.ReadAsync("report/report.json"));
    }

    [Fact]
    public async Task Execute_MeasuresOtherwise_AsItsOptionsSay()
    {
        await _bench.WriteWeightsAsync("weights.pth");
        await _bench.WriteAsync("real.json", """{"a0": [0, 1, 2], "b0": [0, 1, 2], "a1": []}"""u8.ToArray());

        double plain = await LossAsync(Arguments), whole = await LossAsync(Arguments with { CropFraction = 1 }), flipped = await LossAsync(Arguments with { FlipAverage = true });
        JsonElement judged = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(Arguments with { MultiLabels = _bench.Path("real.json") })).Result;

        Assert.NotEqual(plain, whole);
        Assert.NotEqual(plain, flipped);
        Assert.Equal(1, judged.GetProperty("realTop1").GetDouble());
    }

    [Theory]
    [InlineData("[[1]]", "does not end in such a number")]
    [InlineData("""{"other": [1]}""", "other images")]
    [InlineData("text", "holds no labels")]
    public async Task Execute_SaysWhatIsWrongWithTheMultiLabels(string json, string expected)
    {
        await _bench.WriteWeightsAsync("weights.pth");
        await _bench.WriteAsync("real.json", Encoding.UTF8.GetBytes(json));

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(Arguments with { MultiLabels = _bench.Path("real.json"), Data = _bench.Path("unnumbered/") }));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains(expected, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_WritesNullWhereThereIsNoNumber_AndReadsItBack()
    {
        var calibration = new CalibrationRow(0, 1, 2, double.NaN, 0.5);
        var report = new ValidationReport
        {
            Job = Guid.CreateVersion7(),
            Checkpoint = "c",
            Data = "d",
            ImageSize = 32,
            CropFraction = 0.875,
            Count = 2,
            Loss = double.NaN,
            Top1 = 0.5,
            Top5 = 1,
            Error1 = 0.5,
            Error5 = 0,
            CalibrationError = double.NaN,
            Seconds = 1,
            ImagesPerSecond = 2,
            Device = "cpu",
            ThreadCount = 1,
            Calibration = [calibration],
            Classes = [new ClassRow(0, null, 0, null, null, null, 0, null, 0)],
            Confusion = [new(0, 1, 2)],
            Mistakes = [],
        };

        JsonElement json = report.ToJson();
        ValidationReport read = ValidationReport.Of(json);

        Assert.Equal(JsonValueKind.Null, json.GetProperty("loss").ValueKind);
        Assert.True(double.IsNaN(read.Loss));
        Assert.Equal(report.Confusion, read.Confusion);
        Assert.Equal(report.Classes, read.Classes);
        Assert.Equal(("0", "7"), (read.NameOf(0), read.NameOf(7)));
    }

    private ValidateArguments Arguments => new() { Checkpoint = _bench.Path("weights.pth"), Data = _bench.Path("shards/"), BatchSize = 4 };

    private async Task<double> LossAsync(ValidateArguments arguments) => Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments)).Result.GetProperty("loss").GetDouble();

    [Fact]
    public async Task Execute_FailsForGood_WhenTheCheckpointIsNone()
    {
        var failed = Ended.As<Outcome.Failed>(
            await _bench.RunAsync(new ValidateArguments { Checkpoint = _bench.Path("shards/part-0.tar"), Data = _bench.Path("shards/") }));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("shards/part-0.tar", failed.Error, StringComparison.Ordinal);
    }
}
