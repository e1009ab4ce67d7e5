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
            LearningRateSchedule = LearningRateSchedule.CosinePerStep,
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
        ["adamw, no decay on norms and biases, dropped last batch"] = Plain with
        {
            Optimizer = OptimizerKind.AdamW,
            LearningRate = 1e-3,
            LearningRateBatchSize = 8,
            WeightDecay = 0.05,
            DecaysNormsAndBiases = false,
            LastBatch = LastBatch.Drop,
            EmaDecay = 0.9,
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

    [Theory]
    [InlineData(false, new[] { 0.9, 0.9, 0.9 })]
    [InlineData(true, new[] { 1.0 / 10, 2.0 / 11, 3.0 / 12 })]
    public async Task Average_IsTimms_AndWhatTheCheckpointGivesToOthers(bool rampsUp, double[] decays)
    {
        const double Decay = 0.9;
        using var run = new SmallRun(Plain with { EmaDecay = Decay, EmaRampsUp = rampsUp });
        Dictionary<string, float[]> expected = Values(run);
        for (int step = 0; step < 3; step++)
        {
            await run.TrainAsync(untilStep: step + 1);
            Dictionary<string, float[]> trained = Values(run);
            double decay = decays[step];
            foreach (string name in expected.Keys)
                expected[name] = [.. expected[name].Zip(trained[name], (average, value) => (float)(decay * average + (1 - decay) * value))];
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

    /// <summary>What the issue of short runs was: 200 images in batches of 64 over 30 epochs, with a decay of 0.99.</summary>
    [Fact]
    public void Average_OfAShortRun_ForgetsTheWeightsThatItBeganWith()
    {
        using var network = new HrNetBatch.Model.Architecture.HrNet(SmallRun.Tiny, 2);
        long steps = EpochSteps.Of(200, 64, LastBatch.Drop) * 30;

        Assert.Equal(90, steps);
        Assert.Equal(0.4047, ShareOfTheBeginning(rampsUp: false), 1e-4);
        Assert.InRange(ShareOfTheBeginning(rampsUp: true), 0, 1e-12);

        double ShareOfTheBeginning(bool rampsUp)
        {
            using var average = new WeightAverage(network, 0.99, rampsUp);
            double share = 1;
            for (long step = 0; step < steps; step++)
                share *= average.DecayAt(step);
            return share;
        }
    }

    [Fact]
    public async Task AStepWithoutAFiniteLoss_EndsTheRun_AndLeavesTheWeightsAsTheyWere()
    {
        using var run = new SmallRun(Plain with { LearningRate = 1e3, LearningRateMilestones = [], WarmUpSteps = 0, EpochCount = 20 });
        Dictionary<string, float[]> before = [];
        var diverged = await Assert.ThrowsAsync<DivergedException>(async () =>
        {
            for (int step = 1; !run.Trainer.IsFinished; step++)
            {
                await run.TrainAsync(untilStep: step);
                before = Values(run);
            }
        });

        Assert.Matches($@"^The training diverged at step {run.Trainer.Position.Step + 1}: the loss is (NaN|∞|Infinity), at a learning rate of 1000\. Lower learningRate", diverged.Message);
        foreach (string name in run.Network.named_parameters().Select(parameter => parameter.name))
            Assert.Equal(before[name], Values(run)[name]);
    }

    [Fact]
    public async Task RequireFinite_NamesTheFirstWeightThatIsNone()
    {
        using var run = new SmallRun(Plain with { EmaDecay = 0.9 });
        await run.TrainAsync(untilStep: 1);
        run.Trainer.RequireFinite();
        using (no_grad())
            run.Network.get_parameter("stage2.0.branches.1.0.conv1.weight")!.fill_(float.PositiveInfinity);

        var diverged = Assert.Throws<DivergedException>(run.Trainer.RequireFinite);

        Assert.StartsWith("The training diverged at step 1: stage2.0.branches.1.0.conv1.weight holds numbers that are not finite, after a loss of 2.", diverged.Message, StringComparison.Ordinal);
    }

    /// <summary>A run of version 2 of the form, which knew neither lastBatch nor emaRampsUp: it kept the last batch, and its average's decay was the same from the first step.</summary>
    [Fact]
    public async Task ARunOfAnEarlierVersion_GoesOnAsItWas()
    {
        TrainingOptions asWas = Plain with { EmaDecay = 0.9, LastBatch = LastBatch.Keep, EmaRampsUp = false }, asked = asWas with { LastBatch = LastBatch.Drop, EmaRampsUp = true };
        using var undisturbed = new SmallRun(asWas);
        await undisturbed.TrainAsync();
        using var first = new SmallRun(asWas);
        await first.TrainAsync(untilStep: 2);
        byte[] saved = Earlier(first.Save());

        TrainingOptions begun;
        using (Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(saved), "saved.pth.tar"))
            begun = TrainingSnapshot.AsBegun(asked, checkpoint);
        using SmallRun resumed = SmallRun.Resume(saved, begun);
        await resumed.TrainAsync();

        Assert.Equal((LastBatch.Keep, false), (begun.LastBatch, begun.EmaRampsUp));
        Assert.Equal(new TrainingPosition(2, 6, 0), resumed.Trainer.Position);
        resumed.AssertSameBitsAs(undisturbed);
        Assert.Throws<CheckpointException>(() => SmallRun.Resume(saved, asked));
    }

    /// <summary>What a run finds out when it begins holds for all of it, though its data may have grown since.</summary>
    [Fact]
    public void AResumedRun_HasTheStepsThatItBeganWith()
    {
        TrainingOptions asked = Plain with { LearningRateSchedule = LearningRateSchedule.CosinePerStep, WarmUpSteps = 100 }, begun = asked.ForSamples(10);
        using var run = new SmallRun(begun);
        using Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(run.Save()), "saved.pth.tar");

        TrainingOptions again = TrainingSnapshot.AsBegun(asked, checkpoint);

        Assert.Equal((3, 0), (again.StepsPerEpoch, again.WarmUpSteps));
    }

    // The same file as an earlier version would have written it.
    private static byte[] Earlier(byte[] saved)
    {
        using Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(saved), "saved.pth.tar");
        var root = (CheckpointDictionary)checkpoint.Value;
        var earlier = new CheckpointDictionary();
        foreach ((CheckpointValue key, CheckpointValue value) in root)
            earlier.Add(key.AsText()!, key.AsText() == "hrnetbatch" ? Without((CheckpointDictionary)value) : value);
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, earlier);
        return file.ToArray();

        static CheckpointDictionary Without(CheckpointDictionary ours)
        {
            var changed = new CheckpointDictionary();
            foreach ((CheckpointValue key, CheckpointValue value) in ours)
                changed.Add(key.AsText()!, key.AsText() switch
                {
                    "resume" => Without((CheckpointDictionary)value),
                    "format" => 2,
                    "options" => value.AsText()!.Replace("\"lastBatch\":\"keep\",", "", StringComparison.Ordinal).Replace("\"emaRampsUp\":false,", "", StringComparison.Ordinal),
                    _ => value,
                });
            return changed;
        }
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
