using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class RunValidationTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task AnAverage_IsValidatedBesideTheWeightsAsTrained_AndTheBetterCounts()
    {
        Guid job = await _bench.SubmitAsync(_bench.Arguments("run/") with { EmaDecay = 0.9, LearningRate = 0.05, EpochCount = 4 });

        JsonElement result = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job))).Result;

        ILookup<string, MetricPoint> curves = (await _bench.Metrics.ReadAsync(job, cancellation: Cancelled)).ToLookup(point => point.Name);
        (double[] counts, double[] average, double[] trained) = (Values("valid_top1"), Values("valid_average_top1"), Values("valid_trained_top1"));
        Assert.Equal(4, counts.Length);
        Assert.Equal(average.Zip(trained, Math.Max), counts);
        Assert.NotEqual(Values("valid_average_loss"), Values("valid_trained_loss"));
        Assert.Equal(counts.Max(), result.GetProperty("top1").GetDouble());
        JsonElement validated = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(
            new ValidateArguments { Checkpoint = result.GetProperty("best").GetString()!, Data = _bench.Path("shards/"), BatchSize = 4 })).Result;
        Assert.Equal(counts.Max(), validated.GetProperty("top1").GetDouble());

        double[] Values(string name) => [.. curves[name].OrderBy(point => point.Step).Select(point => point.Value)];
    }

    [Fact]
    public async Task ValidationInterval_LeavesEpochsOut_AndNeverTheLast()
    {
        Guid job = await _bench.SubmitAsync(_bench.Arguments("run/") with { EpochCount = 5, ValidationInterval = 2 });

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        const int Steps = TrainingBench.TrainingSampleCount / 4;
        IEnumerable<MetricPoint> validated = (await _bench.Metrics.ReadAsync(job, cancellation: Cancelled)).Where(point => point.Name == "valid_top1");
        Assert.Equal([2 * Steps, 4 * Steps, 5 * Steps], validated.Select(point => point.Step).Order());
    }

    /// <summary>The options are those of a validate job, and so are the numbers.</summary>
    [Fact]
    public async Task CropFractionAndFlipAverage_AreThoseOfAValidateJob()
    {
        TrainArguments arguments = _bench.Arguments("run/") with { EpochCount = 1, ValidationCropFraction = 1, ValidationFlipAverage = true };
        Guid job = await _bench.SubmitAsync(arguments);
        JsonElement trained = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job))).Result;
        var asTrained = new ValidateArguments { Checkpoint = trained.GetProperty("best").GetString()!, Data = _bench.Path("shards/"), BatchSize = 4, CropFraction = 1, FlipAverage = true };

        JsonElement same = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(asTrained)).Result;
        JsonElement other = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(asTrained with { FlipAverage = false })).Result;

        Assert.Equal(trained.GetProperty("loss").GetDouble(), same.GetProperty("loss").GetDouble(), 1e-6);
        Assert.NotEqual(trained.GetProperty("loss").GetDouble(), other.GetProperty("loss").GetDouble(), 1e-6);
        ValidationReport report = ValidationReport.Of((await _bench.Metrics.FindReportAsync(job, Cancelled))!.Value);
        Assert.Equal((1.0, true), (report.CropFraction, report.FlipAverage));
    }
}
