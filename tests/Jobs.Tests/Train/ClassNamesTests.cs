using System.Collections.Concurrent;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Tests.Train;

/// <summary>Classes that are named on two sides are matched by name, in train and validate jobs alike.</summary>
public sealed class ClassNamesTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        await _bench.WriteFolderAsync("folders", ("ant", 1), ("bee", 2), ("cat", 3));
        await _bench.WriteFolderAsync("few", ("bee", 1), ("cat", 2));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Execute_MatchesFoldersToTheLabelsByName()
    {
        JsonElement result = Succeeded(await _bench.RunAsync(Arguments("run/") with { Labels = ["cat", "bee", "ant"], ValidationData = _bench.Path("few/") }));

        Assert.Equal("""{"ant":2,"bee":1,"cat":0}""", result.GetProperty("classIndices").GetRawText());
        Assert.Equal("""{"bee":1,"cat":0}""", result.GetProperty("validationClassIndices").GetRawText());
        JsonElement validated = Succeeded(await _bench.RunAsync(new ValidateArguments
        {
            Checkpoint = result.GetProperty("best").GetString()!,
            Data = _bench.Path("folders/"),
            Output = _bench.Path("report/"),
        }));
        Assert.Equal("""{"ant":2,"bee":1,"cat":0}""", validated.GetProperty("classIndices").GetRawText());
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(await _bench.ReadAsync("report/report.json"));
        Assert.Equal(
            ["cat 3", "bee 2", "ant 1"],
            report.GetProperty("classes").EnumerateArray().Select(one => $"{one.GetProperty("label").GetString()} {one.GetProperty("count").GetInt64()}"));
    }

    [Fact]
    public async Task Execute_RefusesOtherClasses_WithTheOptionsAndBothLists()
    {
        TrainArguments arguments = Arguments("run/");
        string folders = _bench.Path("folders/"), few = _bench.Path("few/");

        Outcome others = await _bench.RunAsync(arguments with { Labels = ["rose", "tulip", "daisy"] });
        Outcome fewer = await _bench.RunAsync(arguments with { Data = few, Labels = ["ant", "bee", "cat"] });
        Outcome more = await _bench.RunAsync(arguments with { Data = few, ValidationData = folders });
        Outcome counted = await _bench.RunAsync(arguments with { ClassCount = 1000 });
        Outcome nameless = await _bench.RunAsync(arguments with { Data = _bench.Path("shards/") });

        AssertRefused(others, $"--data {folders} has classes that --labels lacks: ant, bee, cat. --data {folders} has 3: ant, bee, cat. --labels has 3: rose, tulip, daisy.");
        AssertRefused(fewer, $"--data {few} lacks classes of --labels: ant.");
        AssertRefused(more, $"--validation-data {folders} has classes that --data {few} lacks: ant.");
        AssertRefused(counted, $"--data {folders} has 3: ant, bee, cat. --class-count has 1,000 classes without names.");
        AssertRefused(nameless, $"Nobody says what classes there are: --data {_bench.Path("shards/")} has them as numbers only. Give --labels");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public async Task Execute_TakesTheNamesFromTheData_WhereTheJobGivesNone(int? classCount)
    {
        JsonElement result = Succeeded(await _bench.RunAsync(Arguments("run/") with { ClassCount = classCount, ValidationData = _bench.Path("few/") }));

        using Checkpoint best = await _bench.CheckpointAsync("run/model_best.pth.tar");
        Assert.Equal(["ant", "bee", "cat"], best.Card!.Labels);
        Assert.False(result.TryGetProperty("classIndices", out _));
        Assert.Equal("""{"bee":1,"cat":2}""", result.GetProperty("validationClassIndices").GetRawText());
    }

    [Fact]
    public async Task Validate_TakesTheFoldersOfSomeClasses_ForTheClassesOfTheirNames()
    {
        await _bench.WriteWeightsAsync("weights.pth", answer: 2);   // says cat to everything
        await _bench.WriteFolderAsync("cats", ("cat", 2));
        await _bench.WriteFolderAsync("dogs", ("dog", 1), ("cat", 1));
        var arguments = new ValidateArguments { Checkpoint = _bench.Path("weights.pth"), Data = _bench.Path("cats/") };

        JsonElement cats = Succeeded(await _bench.RunAsync(arguments)), few = Succeeded(await _bench.RunAsync(arguments with { Data = _bench.Path("few/") }));
        Outcome dogs = await _bench.RunAsync(arguments with { Data = _bench.Path("dogs/") });

        Assert.Equal(1, cats.GetProperty("top1").GetDouble());
        Assert.Equal(2 / 3.0, few.GetProperty("top1").GetDouble(), 1e-9);
        Assert.Equal("""{"bee":1,"cat":2}""", few.GetProperty("classIndices").GetRawText());
        AssertRefused(dogs, $"--data {_bench.Path("dogs/")} has classes that --checkpoint {_bench.Path("weights.pth")} lacks: dog.");
    }

    [Fact]
    public async Task Execute_BeginsWithTheClassifiersRowsOfTheSameNames_OrAnewWhereOneIsUnknown()
    {
        await _bench.WriteWeightsAsync("weights.pth");
        TrainArguments arguments = Arguments("some/") with
        {
            Data = _bench.Path("few/"),
            Labels = ["cat", "bee"],
            InitialCheckpoint = _bench.Path("weights.pth"),
            FrozenLayers = ["classifier"],
        };

        Succeeded(await _bench.RunAsync(arguments));
        Succeeded(await _bench.RunAsync(arguments with { Data = _bench.Path("shards/"), Labels = ["cat", "bee", "dog"], Output = _bench.Path("others/") }));

        using Checkpoint weights = await _bench.CheckpointAsync("weights.pth"), some = await _bench.CheckpointAsync("some/final_state.pth.tar"), others = await _bench.CheckpointAsync("others/final_state.pth.tar");
        using var scope = NewDisposeScope();
        Tensor before = weights.StateDict["classifier.weight"];
        Assert.True(AreEqual(some.StateDict["classifier.weight"], before.index_select(0, tensor([2L, 1L]))));
        Assert.False(AreEqual(others.StateDict["classifier.weight"], before));
        Assert.False(AreEqual(others.StateDict["classifier.weight"][0], before[2]));
    }

    [Fact]
    public async Task Execute_LearnsFromATeacherInAnotherOrder_AndTakesItsNames()
    {
        await _bench.WriteWeightsAsync("teacher.pth", answer: 2);
        TrainArguments arguments = Arguments("named/") with { Data = _bench.Path("shards/"), Teacher = _bench.Path("teacher.pth") };

        Succeeded(await _bench.RunAsync(arguments));
        Guid job = await _bench.SubmitAsync(arguments with { Labels = ["cat", "bee", "ant"], InitialCheckpoint = _bench.Path("teacher.pth"), Output = _bench.Path("turned/") });
        Succeeded(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        using Checkpoint named = await _bench.CheckpointAsync("named/final_state.pth.tar");
        Assert.Equal(["ant", "bee", "cat"], named.Card!.Labels);
        // Begun with the teacher's own weights, by name, the student agrees with it from the first step on.
        Assert.InRange((await _bench.Metrics.ReadAsync(job, "train_loss", cancellation: TestContext.Current.CancellationToken))[0].Value, 0, 1e-3);
    }

    [Fact]
    public async Task Execute_RefusesATeacherWhoseNamesNoModelMayHave_BeforeItTrains()
    {
        await _bench.WriteWeightsAsync("teacher.pth", labels: ["ant", "ant", "cat"]);

        Outcome doubled = await _bench.RunAsync(Arguments("named/") with { Data = _bench.Path("shards/"), ValidationData = null, Teacher = _bench.Path("teacher.pth") });

        AssertRefused(doubled, $"Among the classes of --teacher {_bench.Path("teacher.pth")} 'ant' stands twice");
    }

    [Fact]
    public async Task Execute_KeepsItsOrder_WhereItsTarsAreIndexedMeanwhile()
    {
        TrainArguments arguments = _bench.Arguments("undisturbed/") with { ValidationData = null };
        Succeeded(await _bench.RunAsync(arguments));
        Guid job = await _bench.SubmitAsync(arguments with { Output = _bench.Path("disturbed/") });
        using AttemptStop stop = new();
        Task<Outcome> run = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
        await _bench.StepsAsync(job, 1);
        stop.Request(StopReason.Interrupt);
        Ended.As<Outcome.HandedBack>(await run);

        await _bench.IndexAsync("shards/");
        Succeeded(await _bench.RunAsync(await _bench.ClaimAsync(job)));
        Succeeded(await _bench.RunAsync(arguments with { Output = _bench.Path("indexed/") }));

        Assert.True(await AreSameAsync("undisturbed/final_state.pth.tar", "disturbed/final_state.pth.tar"));
        Assert.False(await AreSameAsync("undisturbed/final_state.pth.tar", "indexed/final_state.pth.tar"));
    }

    [Fact]
    public async Task Execute_WarnsOnce_WhereBatchesAreFarFromMixed()
    {
        foreach (int label in Enumerable.Range(0, 3))
            await _bench.WriteShardAsync($"sorted/{label}.tar", [.. Enumerable.Range(0, 40).Select(i => ($"s{label}{i}", label))]);
        var log = new Recorder();
        _bench.Logger = log;
        TrainArguments arguments = _bench.Arguments("run/") with { Data = _bench.Path("sorted/"), ValidationData = null, ShardsAtOnce = 1, ShuffleBufferSize = 4 };

        Succeeded(await _bench.RunAsync(arguments));

        string warning = Assert.Single(log.Warnings, line => line.Contains("sorted by class", StringComparison.Ordinal));
        Assert.Contains($"hrnet dataset index {_bench.Path("sorted/")}", warning, StringComparison.Ordinal);
        Assert.Contains("--shuffle-buffer-size than 4", warning, StringComparison.Ordinal);
        log.Warnings.Clear();
        Succeeded(await _bench.RunAsync(arguments with { ShuffleBufferSize = 1000, Output = _bench.Path("mixed/") }));
        Assert.Empty(log.Warnings);
    }

    private TrainArguments Arguments(string output) => _bench.Arguments(output) with { Data = _bench.Path("folders/"), Labels = null, ValidationData = null, EpochCount = 1, LearningRate = 1e-6 };

    private static JsonElement Succeeded(Outcome outcome) =>
        outcome is Outcome.Succeeded succeeded ? succeeded.Result : throw new Xunit.Sdk.XunitException($"{outcome}");

    private static void AssertRefused(Outcome outcome, string expected)
    {
        var failed = Ended.As<Outcome.Failed>(outcome);
        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains(expected, failed.Error, StringComparison.Ordinal);
    }

    private async Task<bool> AreSameAsync(string expected, string actual)
    {
        using Checkpoint first = await _bench.CheckpointAsync(expected), second = await _bench.CheckpointAsync(actual);
        using var scope = NewDisposeScope();
        return first.StateDict.All(entry => AreEqual(entry.Value, second.StateDict[entry.Key]));
    }

    private static bool AreEqual(Tensor first, Tensor second) => first.eq(second).all().ToBoolean();

    private sealed class Recorder : ILogger
    {
        public ConcurrentQueue<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning) Warnings.Enqueue(formatter(state, exception));
        }
    }
}
