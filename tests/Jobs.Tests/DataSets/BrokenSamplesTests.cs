using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Train;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.TestKit;
using TorchSharp;

namespace HrNetBatch.Jobs.Tests.DataSets;

public sealed class BrokenSamplesTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    private static readonly string[] Classes = ["ant", "bee", "cat"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        await _bench.WriteAsync("images/ant/1.png", TrainingBench.Noise("1"));
        await _bench.WriteAsync("images/bee/2.png", TrainingBench.Noise("2"));
        await _bench.WriteAsync("images/cat/3.png", TrainingBench.Noise("3"));
        await _bench.WriteAsync("images/cat/broken.png", "nonsense"u8.ToArray());
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task BrokenSamples_AreFailedItemsOnce_ThoughEveryEpochMeetsThem()
    {
        TrainArguments arguments = _bench.Arguments("run/") with { Data = _bench.Path("images/"), ValidationData = _bench.Path("images/"), BrokenSampleLimit = 0.25 };
        Guid job = await _bench.SubmitAsync(arguments);

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        FailedItem item = Assert.Single(await new FailedItemStore(_bench.Ledger.Source).ListAsync(job, cancellation: Cancelled));
        Assert.Equal(_bench.Path("images/cat/broken.png"), item.Name);
        Assert.Contains("a text, not an image", item.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MoreOfThemThanAllowed_FailTheJob_WithAnExampleAndWhatToDo()
    {
        await _bench.WriteWeightsAsync("weights.pth");
        Guid job = await _bench.SubmitAsync(new ValidateArguments { Checkpoint = _bench.Path("weights.pth"), Data = _bench.Path("images/"), BatchSize = 4, BrokenSampleLimit = 0.2 });

        var failed = Ended.As<Outcome.Failed>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("1 of 4 samples is broken (25%), and the job allows 20%", failed.Error, StringComparison.Ordinal);
        Assert.Contains("images/cat/broken.png: a text, not an image", failed.Error, StringComparison.Ordinal);
        Assert.Equal(1, await new FailedItemStore(_bench.Ledger.Source).CountAsync(job, Cancelled));
    }

    [Fact]
    public async Task FoldersOfOtherClasses_AreRefusedForValidation()
    {
        await _bench.WriteAsync("other/ant/1.png", TrainingBench.Noise("1"));
        await _bench.WriteAsync("other/dog/1.png", TrainingBench.Noise("1"));

        var failed = Ended.As<Outcome.Failed>(await _bench.RunAsync(
            _bench.Arguments("run/") with { Data = _bench.Path("images/"), ValidationData = _bench.Path("other/") }));

        Assert.Contains("has classes that --labels lacks: dog", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARunOnFolders_HandedBackInsideAnEpoch_EndsWithTheSameWeights()
    {
        foreach (int image in Enumerable.Range(10, 9))
            await _bench.WriteAsync($"many/{Classes[image % 3]}/{image}.png", TrainingBench.Noise($"{image}"));
        TrainArguments arguments = _bench.Arguments("whole/") with { Data = _bench.Path("many/"), ValidationData = null, BatchSize = 2 };
        JsonElement whole = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments)).Result;

        Guid job = await _bench.SubmitAsync(arguments with { Output = _bench.Path("parts/") });
        using var stop = new AttemptStop();
        Task<Outcome> first = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
        await _bench.StepsAsync(job, 2);
        stop.Request(StopReason.Interrupt);
        Ended.As<Outcome.HandedBack>(await first);
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        Assert.NotEqual(default, whole);
        using var expected = await _bench.CheckpointAsync("whole/final_state.pth.tar");
        using var found = await _bench.CheckpointAsync("parts/final_state.pth.tar");
        Assert.All(expected.StateDict, weight => Assert.True(weight.Value.eq(found.StateDict[weight.Key]).all().ToBoolean(), weight.Key));
    }
}
