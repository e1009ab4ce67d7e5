using System.Formats.Tar;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Tests.Train;

/// <summary>A job succeeds only if it did what its kind promises; what another try cannot mend fails at once and names its cause.</summary>
public sealed class NoSuccessWithoutWorkTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly byte[] EmptyTar = new byte[10_240];   // what `tar cf x.tar -T /dev/null` makes

    private readonly TrainingBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Train_OnAnEmptyTar_FailsAndNamesIt_AndMakesNoModel()
    {
        await _bench.WriteAsync("empty/e.tar", EmptyTar);

        string error = await PermanentlyAsync(_bench.Arguments("run/") with { Data = _bench.Path("empty/e.tar"), ValidationData = null, SaveAs = "nothing" });

        Assert.StartsWith($"{_bench.Path("empty/e.tar")} holds no sample (1 shard", error, StringComparison.Ordinal);
        Assert.Empty(await _bench.Models.ListVersionsAsync("nothing", Cancelled));
        Assert.Empty(await _bench.NamesAsync("run/"));
    }

    [Fact]
    public async Task Train_OnATarWithoutASample_SaysWhatWasLeftOutOfIt()
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (string name in (string[])["README", "LICENSE", "._a.jpg"])
                await writer.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1]) }, Cancelled);
            await writer.WriteEntryAsync(new UstarTarEntry(TarEntryType.HardLink, "b.jpg") { LinkName = "a.jpg" }, Cancelled);
        }
        await _bench.WriteAsync("other/o.tar", tar.ToArray());

        string error = await PermanentlyAsync(_bench.Arguments("run/") with { Data = _bench.Path("other/"), ValidationData = null });

        string path = _bench.Path("other/o.tar");
        Assert.StartsWith($"{_bench.Path("other/")} holds no sample (1 shard, the first is {path}). 2 left out, such as {path}#README: a member without extension", error, StringComparison.Ordinal);
        Assert.Contains("1 left out, ", error, StringComparison.Ordinal);
        Assert.Contains("--hard-dereference", error, StringComparison.Ordinal);
        Assert.Contains("hidden, or of the system", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WithAnEmptyValidation_FailsBeforeTheFirstStep()
    {
        await _bench.WriteAsync("empty/e.tar", EmptyTar);

        string error = await PermanentlyAsync(_bench.Arguments("run/") with { ValidationData = _bench.Path("empty/") });

        Assert.StartsWith($"{_bench.Path("empty/")} holds no sample", error, StringComparison.Ordinal);
        Assert.Empty(await _bench.NamesAsync("run/"));
    }

    [Fact]
    public async Task Train_OnOneImageThatGivesNoStatistics_Fails()
    {
        await _bench.WriteShardAsync("one/o.tar", [("only", 0)]);

        string error = await PermanentlyAsync(_bench.Arguments("run/") with { Data = _bench.Path("one/"), ValidationData = null });

        Assert.StartsWith($"Nothing can be learnt from {_bench.Path("one/")}: an epoch of it makes no step", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_OfAnEmptyTar_FailsAndNamesIt()
    {
        await _bench.WriteAsync("empty/e.tar", EmptyTar);
        await _bench.WriteWeightsAsync("weights.pth");

        string error = await PermanentlyAsync(new ValidateArguments { Checkpoint = _bench.Path("weights.pth"), Data = _bench.Path("empty/") });

        Assert.StartsWith($"{_bench.Path("empty/")} holds no sample", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_OfATarWithoutSamples_SaysWhatIsLeftOutAndWhy()
    {
        using var tar = new MemoryStream();
        await using (var writer = new System.Formats.Tar.TarWriter(tar, leaveOpen: true))
        {
            foreach (string name in new[] { "README", "LICENSE", ".hidden.png" })
                await writer.WriteEntryAsync(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1]) }, Cancelled);
        }
        await _bench.WriteAsync("papers/p.tar", tar.ToArray());
        await _bench.WriteWeightsAsync("weights.pth");

        string error = await PermanentlyAsync(new ValidateArguments { Checkpoint = _bench.Path("weights.pth"), Data = _bench.Path("papers/") });

        Assert.StartsWith($"{_bench.Path("papers/")} holds no sample (1 shard, the first is {_bench.Path("papers/p.tar")}). 2 left out, such as ", error, StringComparison.Ordinal);
        Assert.Contains("a member without extension, so of no sample; 1 left out, ", error, StringComparison.Ordinal);
        Assert.Contains("hidden, or of the system. `hrnet dataset inspect` tells what is read of it", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_OfSamplesWithoutLabels_Fails()
    {
        await _bench.WriteUnlabelledShardAsync("unlabelled/u.tar", 3);
        await _bench.WriteWeightsAsync("weights.pth");

        Assert.Contains("No sample of the only shard was usable", await PermanentlyAsync(
            new ValidateArguments { Checkpoint = _bench.Path("weights.pth"), Data = _bench.Path("unlabelled/"), BrokenSampleLimit = 1 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Train_ThatDiverges_FailsAtOnce_AndKeepsTheLastGoodCheckpoint(bool validates)
    {
        TrainArguments arguments = _bench.Arguments("run/") with { LearningRate = 1000, EpochCount = 50, SaveAs = "diverged", ValidationData = validates ? _bench.Path("shards/") : null };

        string error = await PermanentlyAsync(arguments);

        Assert.Contains("The training diverged", error, StringComparison.Ordinal);
        Assert.Matches("step [0-9]+", error);
        Assert.Contains("Lower learningRate", error, StringComparison.Ordinal);
        Assert.Empty(await _bench.Models.ListVersionsAsync("diverged", Cancelled));
        foreach (string name in (await _bench.NamesAsync("run/")).Where(name => name.EndsWith(".pth.tar", StringComparison.Ordinal)))
        {
            using Checkpoint saved = await _bench.CheckpointAsync(name);
            using var scope = NewDisposeScope();
            Assert.All(saved.StateDict.Where(entry => entry.Value.is_floating_point()), entry => Assert.True(entry.Value.isfinite().all().ToBoolean(), $"{entry.Key} of {name}"));
        }
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("train")]
    [InlineData("teach")]
    public async Task WeightsThatAreNoNumbers_AreRefusedByName(string what)
    {
        await WriteDivergedAsync("nan.pth");
        IJobArguments arguments = what switch
        {
            "validate" => new ValidateArguments { Checkpoint = _bench.Path("nan.pth"), Data = _bench.Path("shards/") },
            "train" => _bench.Arguments("run/") with { InitialCheckpoint = _bench.Path("nan.pth") },
            _ => _bench.Arguments("run/") with { Teacher = _bench.Path("nan.pth") },
        };

        string error = arguments is TrainArguments train ? await PermanentlyAsync(train) : await PermanentlyAsync((ValidateArguments)arguments);

        Assert.Contains("nan.pth: layer1.0.conv1.weight holds infinities or no numbers", error, StringComparison.Ordinal);
    }

    /// <summary>Finite weights whose answers are not: the classifier's products overflow.</summary>
    [Fact]
    public async Task Validate_OfAnswersThatAreNoNumbers_FailsAndNamesASample()
    {
        await WriteWeightsAsync("huge.pth", network => network.get_parameter("classifier.weight")!.fill_(3e38f));

        string error = await PermanentlyAsync(new ValidateArguments { Checkpoint = _bench.Path("huge.pth"), Data = _bench.Path("shards/"), BatchSize = 4 });

        Assert.Contains($"The network answers to the sample 'a0' of {_bench.Path("shards/part-0.tar")} with infinities or no numbers", error, StringComparison.Ordinal);
    }

    /// <summary>Of what is left of an epoch one in two may be broken, where of the whole it is one in twelve.</summary>
    [Fact]
    public async Task Train_ThatGoesOnAtABrokenSample_IsNotFailedForIt()
    {
        using (var tar = new MemoryStream())
        {
            await using (var writer = new Model.Data.ShardWriter(tar))
            {
                foreach (int i in Enumerable.Range(0, 12))
                    await writer.WriteAsync($"s{i:00}", "png", i == 3 ? "nonsense"u8.ToArray() : TrainingBench.Noise($"{i}"), i % 3, Cancelled);
            }
            await _bench.WriteAsync("broken/b.tar", tar.ToArray());
        }
        TrainArguments arguments = _bench.Arguments("run/") with
        {
            Data = _bench.Path("broken/"),
            ValidationData = null,
            BatchSize = 2,
            EpochCount = 1,
            BrokenSampleLimit = 0.1,
            LastBatch = Model.Training.LastBatch.Keep,
        };
        Guid job = await _bench.SubmitAsync(arguments);
        for (int step = 1; step <= 5; step++)
        {
            using AttemptStop stop = new();
            Task<Outcome> run = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
            await _bench.StepsAsync(job, step);
            stop.Request(StopReason.Interrupt);
            Outcome outcome = await run;
            if (outcome is Outcome.Succeeded)
            {
                Assert.NotEqual(1, step);   // it ended before it was told to stop, and had gone on at least once
                return;
            }
            Ended.As<Outcome.HandedBack>(outcome);
        }

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));
    }

    private async Task<string> PermanentlyAsync<TArguments>(TArguments arguments)
        where TArguments : IJobArguments
    {
        var failed = Ended.As<Outcome.Failed>(await _bench.RunAsync(arguments));
        Assert.Equal(FailureKind.Permanent, failed.Kind);
        return failed.Error;
    }

    private Task WriteDivergedAsync(string name) => WriteWeightsAsync(name, network => network.get_parameter("layer1.0.conv1.weight")!.view(-1)[5] = float.NaN);

    private async Task WriteWeightsAsync(string name, Action<HrNet> change)
    {
        using var network = new HrNet(TrainingBench.Tiny, 3);
        using (no_grad())
            change(network);
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, CheckpointWriter.ToValue(network.state_dict(), new ModelCard("custom", 32, ["ant", "bee", "cat"])));
        await _bench.WriteAsync(name, file.ToArray());
    }
}
