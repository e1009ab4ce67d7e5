using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Training;
using HrNetBatch.TestKit;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Tests.Train;

/// <summary>Runs over twelve samples in batches of five, which leave two, and over what the data say how many they are.</summary>
public sealed class LastBatchTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    /// <summary>Handed back before the last full batch, after it, and so on: each epoch's end is met from every side.</summary>
    [Theory]
    [InlineData(LastBatch.Drop, 4)]
    [InlineData(LastBatch.Keep, 6)]
    public async Task Execute_MakesTheSteps_WithTheSameBits_WhereverTheEpochIsInterrupted(LastBatch lastBatch, int steps)
    {
        TrainArguments arguments = Arguments("undisturbed/") with { LastBatch = lastBatch, EmaDecay = 0.5 };
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments));
        Guid job = await _bench.SubmitAsync(arguments with { Output = _bench.Path("disturbed/") });
        for (int step = 1; step < steps; step++)
            await HandBackAsync(job, step);
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        Assert.Equal(Enumerable.Range(1, steps).Select(step => (long)step), (await _bench.Metrics.ReadAsync(job, "train_loss", cancellation: Cancelled)).Select(point => point.Step));
        await AssertSameWeightsAsync("undisturbed/final_state.pth.tar", "disturbed/final_state.pth.tar");
        Job done = await _bench.Ledger.JobAsync(job);
        Assert.Equal((steps, (long?)steps), (done.DoneCount, done.TotalCount));
    }

    [Fact]
    public async Task Execute_TrainsOnTheOnlyBatch_ThoughItIsSmall()
    {
        Guid job = await _bench.SubmitAsync(Arguments("run/") with { BatchSize = 128, EpochCount = 1 });

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        Assert.Single(await _bench.Metrics.ReadAsync(job, "train_loss", cancellation: Cancelled));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1000L)]   // the data are counted in the first epoch only, and the run refused after it
    public async Task CosinePerStep_EndsWithTheRun_WhateverWasTyped(long? sampleCount)
    {
        TrainArguments arguments = Arguments("run/") with { LearningRateSchedule = LearningRateSchedule.CosinePerStep, WarmUpSteps = 100, SampleCount = sampleCount };
        Guid job = await _bench.SubmitAsync(arguments);

        Outcome outcome = await _bench.RunAsync(await _bench.ClaimAsync(job));

        if (sampleCount is not null)
        {
            var refused = Ended.As<Outcome.Failed>(outcome);
            Assert.Equal(FailureKind.Permanent, refused.Kind);
            Assert.Contains("sampleCount says that", refused.Error, StringComparison.Ordinal);
            Assert.Contains("has 1,000 samples, and its first epoch had 12", refused.Error, StringComparison.Ordinal);
            return;
        }
        Ended.As<Outcome.Succeeded>(outcome);
        double[] rates = [.. (await _bench.Metrics.ReadAsync(job, "lr", cancellation: Cancelled)).Select(point => point.Value)];
        double[] expected = [.. Enumerable.Range(0, 4).Select(step => 0.01 * 0.5 * (1 + Math.Cos(Math.PI * step / 4)))];   // no warm-up: a tenth of four steps
        Assert.Equal(expected.Length, rates.Length);
        Assert.All(rates.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-12));
    }

    /// <summary>Folders say how many images there are, so that a wrong number is known from the start.</summary>
    [Fact]
    public async Task CosinePerStep_TakesTheDatasOwnNumber_InsteadOfATypedOne()
    {
        for (int i = 0; i < 12; i++)
            await _bench.WriteAsync($"images/{(i % 3) switch { 0 => "ant", 1 => "bee", _ => "cat" }}/{i}.png", TrainingBench.Noise($"{i}"));
        Guid job = await _bench.SubmitAsync(Arguments("run/") with
        {
            Data = _bench.Path("images/"),
            LearningRateSchedule = LearningRateSchedule.CosinePerStep,
            SampleCount = 1000,
        });

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        Assert.Equal(0.01 * 0.5 * (1 + Math.Cos(Math.PI * 3 / 4)), (await _bench.Metrics.ReadAsync(job, "lr", cancellation: Cancelled))[^1].Value, 1e-12);
    }

    private TrainArguments Arguments(string output) => _bench.Arguments(output) with { BatchSize = 5, ValidationData = null };

    private async Task HandBackAsync(Guid job, int afterSteps)
    {
        using AttemptStop stop = new();
        Task<Outcome> run = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
        await _bench.StepsAsync(job, afterSteps);
        stop.Request(StopReason.Interrupt);
        Ended.As<Outcome.HandedBack>(await run);
    }

    private async Task AssertSameWeightsAsync(string expected, string actual)
    {
        using Checkpoint first = await _bench.CheckpointAsync(expected), second = await _bench.CheckpointAsync(actual);
        using var scope = NewDisposeScope();
        Assert.All(first.StateDict, entry => Assert.True(entry.Value.eq(second.StateDict[entry.Key]).all().ToBoolean(), entry.Key));
    }
}
