using System.Diagnostics.Metrics;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class TrainHandlerTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    /// <summary>One undisturbed run against one that is handed back in its second epoch, then abandoned by a worker that dies, then finished.</summary>
    [Fact]
    public async Task Execute_EndsWithTheSameBits_HoweverOftenItIsInterrupted()
    {
        var undisturbed = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(_bench.Arguments("undisturbed/")));
        Guid job = await _bench.SubmitAsync(_bench.Arguments("disturbed/"));

        await HandBackAsync(job, afterSteps: 1);
        await AbandonAsync(job, afterSteps: 3);
        var finished = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        await AssertSameWeightsAsync("undisturbed/final_state.pth.tar", "disturbed/final_state.pth.tar");
        await AssertSameWeightsAsync("undisturbed/model_best.pth.tar", "disturbed/model_best.pth.tar");
        foreach (string field in new[] { "epochs", "top1", "top5", "loss" })
            Assert.Equal(undisturbed.Result.GetProperty(field).GetDouble(), finished.Result.GetProperty(field).GetDouble());
        Assert.Equal(_bench.Path("disturbed/checkpoint.pth.tar"), finished.Result.GetProperty("checkpoint").GetString());
        await AssertCurvesAsync(job);
    }

    [Theory]
    [InlineData(1000, new long[] { 1, 6 })]
    [InlineData(4, new long[] { 1, 4, 6 })]
    [InlineData(3, new long[] { 1, 3, 6 })]
    public async Task Execute_RecordsTheFirstStepAndTheLast_WhateverTheInterval(int interval, long[] steps)
    {
        Guid job = await _bench.SubmitAsync(_bench.Arguments("run/") with { MetricsInterval = interval, ValidationData = null });

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        Assert.Equal(steps, (await _bench.Metrics.ReadAsync(job, "train_loss", cancellation: TestContext.Current.CancellationToken)).Select(point => point.Step));
        string log = System.Text.Encoding.UTF8.GetString(await _bench.ReadAsync("run/log.jsonl"));
        Assert.Equal(steps.Length, log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.Contains("train_loss", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Execute_GoesOnFromTheCheckpointBefore_WhenTheNewestIsDamaged()
    {
        await _bench.RunAsync(_bench.Arguments("undisturbed/"));
        Guid job = await _bench.SubmitAsync(_bench.Arguments("damaged/"));
        await HandBackAsync(job, afterSteps: 4); // one step into the second epoch: the end of the first was saved too
        string newest = (await _bench.NamesAsync("damaged/checkpoints/")).Order(StringComparer.Ordinal).Last();
        await _bench.WriteAsync(newest, [1, 2, 3]);

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        await AssertSameWeightsAsync("undisturbed/final_state.pth.tar", "damaged/final_state.pth.tar");
        Assert.Single(await _bench.NamesAsync("damaged/checkpoints/"));
    }

    [Fact]
    public async Task Execute_CountsItsSamples_InTheMetrics()
    {
        long counted = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Name == "hrnetbatch.train.samples") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref counted, count));
        listener.Start();

        await _bench.RunAsync(_bench.Arguments("run/") with { EpochCount = 1, ValidationData = null });

        Assert.InRange(Interlocked.Read(ref counted), TrainingBench.TrainingSampleCount, long.MaxValue);   // other tests may train at the same time
    }

    [Fact]
    public async Task Execute_WritesStateDictsThatCarryTheirLabels()
    {
        await _bench.RunAsync(_bench.Arguments("run/") with { Variant = "w18_small_v1", Architecture = null, EpochCount = 1, ValidationData = null });

        using Checkpoint best = await _bench.CheckpointAsync("run/model_best.pth.tar");
        Assert.Equal(["ant", "bee", "cat"], best.Card!.Labels);
        Assert.Equal(("w18_small_v1", 32), (best.Card.Variant, best.Card.ImageSize));
        Assert.Equal(best.StateDict.Count, Assert.IsType<CheckpointDictionary>(best.Value).Count);   // bare, as the original reads it
    }

    [Fact]
    public async Task Execute_TrainsACustomNetwork_WhichOtherJobsRecognize()
    {
        HrNetArchitecture custom = HrNetArchitecture.Uniform(1, 8, (1, 1, 1), 1, 8) with { Stage4 = new HrNetStage(1, [1, 2, 1, 1], [8, 20, 24, 40]) };
        TrainArguments arguments = _bench.Arguments("run/") with { Architecture = custom, EpochCount = 1, ValidationData = null };
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments));

        using Checkpoint best = await _bench.CheckpointAsync("run/model_best.pth.tar");
        Outcome validated = await _bench.RunAsync(new ValidateArguments { Data = _bench.Path("shards/"), Checkpoint = _bench.Path("run/model_best.pth.tar") });

        Assert.Equal("custom", best.Card!.Variant);
        Assert.Equal(new HrNetShape(custom, 3), HrNetShape.Recognize(best.StateDict));
        Ended.As<Outcome.Succeeded>(validated);
    }

    [Fact]
    public async Task Execute_RefusesTheOutputOfAnotherJob()
    {
        var arguments = _bench.Arguments("shared/") with { EpochCount = 1, ValidationData = null };
        Guid first = await _bench.SubmitAsync(arguments);
        await _bench.RunAsync(await _bench.ClaimAsync(first));

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(arguments));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains($"shared/checkpoints.json already exists and belongs to job {first}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_NamesShardAndSample_WhenALabelHasNoClass()
    {
        await _bench.WriteShardAsync("wrong/w.tar", [("good", 0), ("stray", 7)]);

        var failed = Ended.As<Outcome.Failed>(await _bench.RunAsync(_bench.Arguments("run/") with { Data = _bench.Path("wrong/w.tar") }));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains($"'stray' of {_bench.Path("wrong/w.tar")} has the label 7, but there are 3 classes", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_MakesOneVersionOfTheModel_HoweverOftenItsWorkersDieBeforeTheySaySo()
    {
        Guid job = await _bench.SubmitAsync(_bench.Arguments("run/") with { EpochCount = 1, SaveAs = "insects" });
        Lease dead = await _bench.ClaimAsync(job);
        Ended.As<Outcome.Succeeded>(await _bench.RunUntoldAsync(dead));
        await _bench.Ledger.LetExpireAsync(dead);
        await _bench.Ledger.Leases.ExpireAsync(TestContext.Current.CancellationToken);

        JsonElement result = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job))).Result;

        Assert.Equal("model:insects@1", result.GetProperty("model").GetString());
        ModelVersion version = Assert.Single(await _bench.Models.ListVersionsAsync("insects", TestContext.Current.CancellationToken));
        Assert.Equal((job, _bench.Path("run/model_best.pth.tar"), 32), (version.Job, version.Source, version.ImageSize));
        Assert.Equal(["ant", "bee", "cat"], version.Labels);
        Assert.Equal(result.GetProperty("top1").GetDouble(), version.Metrics["top1"]);
    }

    [Fact]
    public async Task Execute_GoesOnFromAModel_AndValidatesIt()
    {
        var arguments = _bench.Arguments("first/") with { EpochCount = 1, ValidationData = null, SaveAs = "insects" };
        await _bench.RunAsync(arguments);

        var trained = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments with { Output = _bench.Path("second/"), InitialCheckpoint = "model:insects" }));
        JsonElement validated = Ended.As<Outcome.Succeeded>(
            await _bench.RunAsync(new ValidateArguments { Checkpoint = "model:insects@latest", Data = _bench.Path("shards/"), BatchSize = 4 })).Result;

        Assert.Equal("model:insects@2", trained.Result.GetProperty("model").GetString());
        Assert.Equal("model:insects@2", validated.GetProperty("checkpoint").GetString());
    }

    [Theory]
    [InlineData("models/flowers", "model store")]
    [InlineData("shards/run", "listed as data")]
    public async Task Execute_IsRefused_WhereItsFilesWouldLieAmongOthers(string output, string fault)
    {
        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(_bench.Arguments(output)));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains(fault, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_SaysBeforeTheTraining_ThatModelsHaveNoPlace()
    {
        _bench.ModelRoot = null;

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(_bench.Arguments("run/") with { SaveAs = "insects" }));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains("HrNetBatch:Models:Root is not set", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing/", "There is no .tar file and no image under")]
    [InlineData("shards/part-{0..2}.tar", "part-2.tar")]
    public async Task Execute_NamesWhatIsMissing_WhenThereIsNoShard(string shards, string expected)
    {
        var failed = Ended.As<Outcome.Failed>(await _bench.RunAsync(_bench.Arguments("run/") with { Data = _bench.Path(shards) }));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains(expected, failed.Error, StringComparison.Ordinal);
    }

    private async Task HandBackAsync(Guid job, int afterSteps)
    {
        using AttemptStop stop = new();
        Task<Outcome> run = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
        await _bench.StepsAsync(job, afterSteps);
        stop.Request(StopReason.Interrupt);
        Ended.As<Outcome.HandedBack>(await run);
    }

    // The worker's lease runs out while it works on: its next write is refused, and what it did since its last save is lost.
    private async Task AbandonAsync(Guid job, int afterSteps)
    {
        Lease lease = await _bench.ClaimAsync(job);
        Task<Outcome> run = _bench.RunAsync(lease);
        await _bench.StepsAsync(job, afterSteps);
        await _bench.Ledger.LetExpireAsync(lease);
        Ended.As<Outcome.Lost>(await run);
        await _bench.Ledger.Leases.ExpireAsync(TestContext.Current.CancellationToken);
    }

    private async Task AssertSameWeightsAsync(string expected, string actual)
    {
        using Checkpoint first = await _bench.CheckpointAsync(expected), second = await _bench.CheckpointAsync(actual);
        using var scope = NewDisposeScope();
        Assert.All(first.StateDict, entry => Assert.True(entry.Value.eq(second.StateDict[entry.Key]).all().ToBoolean(), entry.Key));
    }

    private async Task AssertCurvesAsync(Guid job)
    {
        ILookup<string, MetricPoint> curves =
            (await _bench.Metrics.ReadAsync(job, cancellation: TestContext.Current.CancellationToken)).ToLookup(point => point.Name);
        foreach (string name in new[] { "train_loss", "train_top1", "train_top5", "lr", "images_per_second" })
            Assert.Equal([1, 2, 3, 4, 5, 6], curves[name].Select(point => point.Step));
        foreach (string name in new[] { "valid_loss", "valid_top1", "valid_top5" })
            Assert.Equal([3, 6], curves[name].Select(point => point.Step));
    }
}
