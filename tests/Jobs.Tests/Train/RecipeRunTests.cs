using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Training;
using HrNetBatch.TestKit;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Tests.Train;

/// <summary>Runs of recipes beyond the original's, through the job.</summary>
public sealed class RecipeRunTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly string[] AllButTheClassifier =
        [.. "conv1 bn1 conv2 bn2 layer1 transition1 stage2 transition2 stage3 transition3 stage4 incre_modules downsamp_modules final_layer".Split(' ')];

    private readonly TrainingBench _bench = new(postgres, azurite);

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Execute_EndsWithTheSameBits_AcrossTheWholeRecipe()
    {
        TrainArguments whole = Arguments("undisturbed/") with
        {
            ValidationData = null,
            MicroBatchSize = 2,
            Optimizer = OptimizerKind.Adam,
            LearningRateSchedule = LearningRateSchedule.CosinePerStep,
            SampleCount = TrainingBench.TrainingSampleCount,
            WarmUpSteps = 2,
            GradientClipNorm = 1,
            LabelSmoothing = 0.1,
            CutMixAlpha = 1,
            MixupAlpha = 0.2,
            EmaDecay = 0.5,
            FrozenLayers = ["conv1", "bn1"],
            BrightnessJitter = 0.4,
            HueJitter = 0.1,
            RandAugmentOperations = 2,
            ErasingProbability = 0.5,
        };

        await AssertSameBitsAsync(whole);
    }

    [Fact]
    public async Task Execute_LearnsATeachersAnswersWithoutLabels_AndEndsWithTheSameBits()
    {
        await _bench.RunAsync(Arguments("teacher/") with { EpochCount = 1, ValidationData = null, SaveAs = "teacher" });
        await _bench.WriteUnlabelledShardAsync("unlabelled/u.tar", TrainingBench.TrainingSampleCount);

        await AssertSameBitsAsync(Arguments("undisturbed/") with { Data = _bench.Path("unlabelled/"), ValidationData = null, Teacher = "model:teacher" });
    }

    [Fact]
    public async Task Execute_RefusesATeacherOfOtherClasses()
    {
        await _bench.RunAsync(Arguments("teacher/") with { EpochCount = 1, ValidationData = null });
        TrainArguments student = Arguments("student/") with { Teacher = _bench.Path("teacher/model_best.pth.tar") };

        var fewer = Ended.As<Outcome.Failed>(await _bench.RunAsync(student with { Labels = ["ant", "bee"] }));
        var others = Ended.As<Outcome.Failed>(await _bench.RunAsync(student with { Labels = ["ant", "bee", "dog"] }));

        Assert.Contains("tells 3 classes apart, and this job 2", fewer.Error, StringComparison.Ordinal);
        Assert.Contains($"--labels has classes that --teacher {student.Teacher} lacks: dog. --labels has 3: ant, bee, dog. --teacher {student.Teacher} has 3: ant, bee, cat.", others.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_FineTunesToOtherClasses_WithANewClassifier()
    {
        await _bench.RunAsync(Arguments("first/") with { EpochCount = 1, ValidationData = null });
        await _bench.WriteShardAsync("two/t.tar", [.. Enumerable.Range(0, 8).Select(i => ($"t{i}", i % 2))]);

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(Arguments("second/") with
        {
            Data = _bench.Path("two/"),
            ValidationData = null,
            Labels = ["day", "night"],
            InitialCheckpoint = _bench.Path("first/final_state.pth.tar"),
            FrozenLayers = AllButTheClassifier,
        }));

        using Checkpoint first = await _bench.CheckpointAsync("first/final_state.pth.tar"), second = await _bench.CheckpointAsync("second/final_state.pth.tar");
        using var scope = NewDisposeScope();
        Assert.Equal([2L, 2048L], second.StateDict["classifier.weight"].shape);
        Assert.All(
            first.StateDict.Where(entry => !entry.Key.StartsWith("classifier.", StringComparison.Ordinal)),
            entry => Assert.True(entry.Value.eq(second.StateDict[entry.Key]).all().ToBoolean(), entry.Key));
    }

    [Fact]
    public async Task Execute_EndsEarly_WhereValidationImprovesNoMore()
    {
        var ended = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(Arguments("run/") with
        {
            EpochCount = 50,
            EarlyStoppingPatience = 2,
            LearningRate = 1e-12,   // too little to change any answer
            FrozenLayers = AllButTheClassifier,
        }));

        Assert.Equal(3, ended.Result.GetProperty("epochs").GetInt32());
    }

    // The smallest network that there is: what is tested is the recipe.
    private TrainArguments Arguments(string output) => _bench.Arguments(output);

    private async Task AssertSameBitsAsync(TrainArguments undisturbed)
    {
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(undisturbed));
        Guid job = await _bench.SubmitAsync(undisturbed with { Output = _bench.Path("disturbed/") });
        using AttemptStop stop = new();
        Task<Outcome> run = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
        await _bench.StepsAsync(job, 4);   // in the second epoch
        stop.Request(StopReason.Interrupt);
        Ended.As<Outcome.HandedBack>(await run);
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        using Checkpoint expected = await _bench.CheckpointAsync("undisturbed/final_state.pth.tar"), actual = await _bench.CheckpointAsync("disturbed/final_state.pth.tar");
        using var scope = NewDisposeScope();
        Assert.All(expected.StateDict, entry => Assert.True(entry.Value.eq(actual.StateDict[entry.Key]).all().ToBoolean(), entry.Key));
    }
}
