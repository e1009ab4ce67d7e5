using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Model.Tests.Training;

public sealed class TrainerTests
{
    [Theory]
    [InlineData(1)] // before the warm-up is over
    [InlineData(3)] // after the last step of an epoch, before its end
    [InlineData(5)] // in the middle of an epoch
    public async Task ResumedRun_EndsWithTheSameBits_AsAnUndisturbedOne(int stopAfter)
    {
        using var undisturbed = new SmallRun();
        await undisturbed.TrainAsync();
        using var first = new SmallRun();
        await first.TrainAsync(untilStep: stopAfter);

        using SmallRun second = SmallRun.Resume(first.Save());
        Assert.Equal(stopAfter, second.Trainer.Position.Step);
        await second.TrainAsync();

        Assert.Equal(new TrainingPosition(2, 6, 0), second.Trainer.Position);
        second.AssertSameBitsAs(undisturbed);
    }

    [Fact]
    public async Task TrainEpoch_ReportsEveryStep()
    {
        using var run = new SmallRun();
        var steps = new List<TrainingStep>();
        await foreach (TrainingStep step in run.Trainer.TrainEpochAsync(await run.BatchesAsync(), TestContext.Current.CancellationToken))
            steps.Add(step);

        Assert.Equal([4, 8, 10], steps.Select(step => step.Position.Cursor));
        Assert.Equal([4, 4, 2], steps.Select(step => step.SampleCount));
        Assert.Equal([0.01, 0.02, 0.02], steps.Select(step => step.LearningRate));
        Assert.All(steps, step => Assert.InRange(step.Loss, 0.1, 20));
        Assert.All(steps, step => Assert.InRange(step.Top5, step.Top1, 1));
    }

    [Fact]
    public async Task TrainEpoch_LeavesOutALastImage_FromWhichBatchNormCanTakeNoStatistics()
    {
        using var run = new SmallRun();
        var steps = new List<TrainingStep>();
        await foreach (TrainingStep step in run.Trainer.TrainEpochAsync(await run.BatchesAsync(batchSize: 3), TestContext.Current.CancellationToken))
            steps.Add(step);

        Assert.Equal([3, 3, 3], steps.Select(step => step.SampleCount));
        Assert.Equal(new TrainingPosition(0, 3, 10), run.Trainer.Position);
    }

    [Fact]
    public async Task Checkpoint_IsInTheOriginalsForm_AndKeepsTheBestValidation()
    {
        using var run = new SmallRun();
        await run.TrainAsync(untilStep: 4);
        Assert.True(run.Trainer.Observe(new EvaluationResult(1.25, 0.5, 1, 4)));

        byte[] saved = run.Save();

        using Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(saved), "checkpoint.pth.tar");
        var root = Assert.IsType<CheckpointDictionary>(checkpoint.Value);
        Assert.Equal(["epoch", "model", "state_dict", "perf", "optimizer", "hrnetbatch"], root.Select(entry => entry.Key.AsText()));
        Assert.Equal(1, checkpoint.Epoch);
        Assert.Equal(50, checkpoint.Perf);
        var group = (CheckpointDictionary)((CheckpointList)((CheckpointDictionary)checkpoint.Optimizer!)["param_groups"]!).Items[0];
        Assert.Equal(0.002, group["lr"]!.AsNumber()!.Value, 1e-12);
        Assert.Equal(0.02, group["initial_lr"]!.AsNumber());
        using SmallRun resumed = SmallRun.Resume(saved);
        Assert.Equal((run.Trainer.Best, 1), (resumed.Trainer.Best, resumed.Trainer.BestEpoch));
    }

    [Fact]
    public void Restore_RefusesTheCheckpointOfAnotherRun_AndOfAnotherRecipe()
    {
        using var run = new SmallRun();
        using Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(run.Save()), "checkpoint.pth.tar");

        var ofAnother = Assert.Throws<CheckpointException>(() => TrainingSnapshot.Restore(run.Trainer, checkpoint, owner: "other"));
        Assert.Contains("belongs to the run test, not to other", ofAnother.Message, StringComparison.Ordinal);

        using var trainer = new Trainer(run.Network, SmallRun.Options with { LearningRate = 1 });
        var otherRecipe = Assert.Throws<CheckpointException>(() => TrainingSnapshot.Restore(trainer, checkpoint, owner: "test"));
        Assert.Contains("another recipe", otherRecipe.Message, StringComparison.Ordinal);
    }
}
