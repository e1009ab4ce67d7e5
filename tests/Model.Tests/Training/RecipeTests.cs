using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Training;

/// <summary>What the options of a recipe do to a run, and that none of them costs a resumed run a bit.</summary>
public sealed class RecipeTests
{
    private static readonly TrainingOptions Plain = SmallRun.Options with { LearningRate = 0.01 };

    private static readonly Dictionary<string, TrainingOptions> Recipes = new()
    {
        ["cutmix, average, smoothing, micro-batches"] = Plain with { CutMixAlpha = 1, MixupAlpha = 0.2, EmaDecay = 0.9, LabelSmoothing = 0.1, MicroBatchSize = 2 },
        ["adam, cosine per step, clipping"] = Plain with
        {
            Optimizer = OptimizerKind.Adam,
            LearningRate = 1e-3,
            Schedule = LearningRateSchedule.CosinePerStep,
            StepsPerEpoch = 3,
            GradientClipNorm = 1,
        },
        ["rmsprop, centered, frozen layers"] = Plain with
        {
            Optimizer = OptimizerKind.Rmsprop,
            LearningRate = 1e-3,
            RmspropCentered = true,
            FrozenLayers = ["conv1", "bn1", "layer1"],
        },
        ["bf16"] = Plain with { Precision = TrainingPrecision.Bf16, EmaDecay = 0.5 },
        ["distilling"] = Plain with { MicroBatchSize = 3 },
    };

    public static TheoryData<string> RecipeNames => [.. Recipes.Keys];

    [Theory]
    [MemberData(nameof(RecipeNames))]
    public async Task ResumedRun_EndsWithTheSameBits_WhateverTheRecipe(string name)
    {
        LibTorch.Load();
        Assert.SkipWhen(name == "bf16" && !Autocast.IsUsable, "this libtorch has no autocast");
        (TrainingOptions options, bool distils) = (Recipes[name], name == "distilling");
        using var undisturbed = new SmallRun(options, distils);
        await undisturbed.TrainAsync();

        // Killed after every step: each resumes from what the one before stored.
        var run = new SmallRun(options, distils);
        for (int step = 1; !run.Trainer.IsFinished; step++)
        {
            await run.TrainAsync(untilStep: step);
            byte[] saved = run.Save();
            run.Dispose();
            run = SmallRun.Resume(saved, options, distils);
        }

        using (run)
        {
            Assert.Equal(undisturbed.Trainer.Position, run.Trainer.Position);
            run.AssertSameBitsAs(undisturbed);
        }
    }

    [Theory]
    [MemberData(nameof(RecipeNames))]
    public async Task EveryRecipe_ChangesTheRun(string name)
    {
        LibTorch.Load();
        using var plain = new SmallRun(Plain);
        using var run = new SmallRun(Recipes[name], name == "distilling");

        await plain.TrainAsync(untilStep: 2);
        await run.TrainAsync(untilStep: 2);

        Assert.NotEqual(Values(plain)["classifier.weight"], Values(run)["classifier.weight"]);
    }

    [Fact]
    public async Task FrozenLayers_StayAsTheyAre_StatisticsIncluded()
    {
        using var run = new SmallRun(Plain with { FrozenLayers = ["conv1", "bn1", "layer1.0", "stage2"] });
        Dictionary<string, float[]> before = Values(run);

        await run.TrainAsync(untilStep: 2);

        Dictionary<string, float[]> after = Values(run);
        string[] changed = [.. before.Keys.Where(name => !before[name].SequenceEqual(after[name]))];
        Assert.DoesNotContain(changed, name => name.StartsWith("conv1.", StringComparison.Ordinal) || name.StartsWith("bn1.", StringComparison.Ordinal)
            || name.StartsWith("layer1.", StringComparison.Ordinal) || name.StartsWith("stage2.", StringComparison.Ordinal));
        Assert.Contains("bn2.running_mean", changed);
        Assert.Contains("conv2.weight", changed);
    }

    [Fact]
    public void Trainer_RefusesLayersThatAreNone_AndATeacherOfOtherClasses()
    {
        using var run = new SmallRun(Plain);
        using var other = new HrNetBatch.Model.Architecture.HrNet(SmallRun.Tiny, 7);

        Assert.Contains("no layer 'stage5'", Assert.Throws<ArgumentException>(() => new Trainer(run.Network, Plain with { FrozenLayers = ["stage5"] })).Message, StringComparison.Ordinal);
        Assert.Contains("7 classes", Assert.Throws<ArgumentException>(() => new Trainer(run.Network, Plain, other)).Message, StringComparison.Ordinal);
        Assert.Contains("microBatchSize", Assert.Throws<ArgumentException>(() => new Trainer(run.Network, Plain with { MicroBatchSize = 9 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Average_IsTimms_AndWhatTheCheckpointGivesToOthers()
    {
        const double Decay = 0.9;
        using var run = new SmallRun(Plain with { EmaDecay = Decay });
        Dictionary<string, float[]> expected = Values(run);
        for (int step = 1; step <= 3; step++)
        {
            await run.TrainAsync(untilStep: step);
            Dictionary<string, float[]> trained = Values(run);
            foreach (string name in expected.Keys)
                expected[name] = [.. expected[name].Zip(trained[name], (average, value) => (float)(Decay * average + (1 - Decay) * value))];
        }

        using Checkpoint saved = CheckpointReader.Read(new MemoryStream(run.Save()), "checkpoint.pth.tar");
        Assert.Equal("state_dict_ema", saved.StateDictKey);
        foreach ((string name, float[] values) in expected)
        {
            using Tensor average = saved.StateDict[name].contiguous();
            Assert.All(values.Zip(average.data<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5 + 1e-5 * Math.Abs(pair.First)));
        }
        Assert.NotSame(run.Network, run.Trainer.Outcome);
    }

    [Fact]
    public async Task Clipping_LimitsTheStep_AndTellsTheNorm()
    {
        TrainingOptions options = Plain with { Momentum = 0, WeightDecay = 0, WarmUpSteps = 0, GradientClipNorm = 0.001 };
        using var run = new SmallRun(options);
        Dictionary<string, float[]> before = Values(run);
        TrainingStep step = default;
        await foreach (TrainingStep first in run.Trainer.TrainEpochAsync(await run.BatchesAsync(), Token))
        {
            step = first;
            break;
        }

        Dictionary<string, float[]> after = Values(run);
        double moved = Math.Sqrt(run.Network.named_parameters().Sum(entry => before[entry.name].Zip(after[entry.name], (a, b) => Math.Pow((double)b - a, 2)).Sum()));
        Assert.True(step.GradientNorm > options.GradientClipNorm);
        Assert.Equal(options.LearningRate * options.GradientClipNorm, moved, 0.02 * options.LearningRate * options.GradientClipNorm);
    }

    [Fact]
    public void EarlyStopping_EndsTheRun_WhenNoEpochWasBetterForItsPatience()
    {
        using var run = new SmallRun(Plain with { EpochCount = 10, EarlyStoppingPatience = 2 });
        bool Epoch(double top1)
        {
            bool isBest = run.Trainer.Observe(new EvaluationResult(1, top1, 1, 10));
            run.Trainer.EndEpoch();
            return isBest;
        }

        Assert.True(Epoch(0.3));
        Assert.True(Epoch(0.5));
        Assert.False(Epoch(0.5));
        Assert.False(run.Trainer.IsFinished);
        using SmallRun resumed = SmallRun.Resume(run.Save(), run.Trainer.Options);
        Assert.False(Epoch(0.4));
        Assert.True(run.Trainer.IsFinished);

        Assert.False(resumed.Trainer.IsFinished);
        Assert.False(resumed.Trainer.Observe(new EvaluationResult(1, 0.4, 1, 10)));
        resumed.Trainer.EndEpoch();
        Assert.True(resumed.Trainer.IsFinished);
    }

    [Fact]
    public async Task Restore_RefusesARunThatLearnsFromATeacher_WithoutOne()
    {
        using var run = new SmallRun(Plain, distils: true);
        await run.TrainAsync(untilStep: 1);
        var refusal = Assert.Throws<CheckpointException>(() => SmallRun.Resume(run.Save(), Plain));
        Assert.Contains("learns from a teacher", refusal.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Dictionary<string, float[]> Values(SmallRun run) => run.Network.state_dict().Where(entry => entry.Value.is_floating_point()).ToDictionary(entry => entry.Key, entry =>
    {
        using Tensor values = entry.Value.detach().contiguous();
        return values.data<float>().ToArray();
    });
}
