using HrNetBatch.Model.Training;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Training;

/// <summary>Counts the tensors of the whole process, so no other test may run beside it.</summary>
[Collection(nameof(TrainerMemoryTests))]
[CollectionDefinition(nameof(TrainerMemoryTests), DisableParallelization = true)]
public sealed class TrainerMemoryTests
{
    [Fact]
    public async Task TrainEpoch_KeepsNoTensorOfItsSteps()
    {
        using var run = new SmallRun();
        var counts = new List<long>();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            await foreach (TrainingStep step in run.Trainer.TrainEpochAsync(await run.BatchesAsync(), TestContext.Current.CancellationToken))
            {
            }
            run.Trainer.EndEpoch();
            counts.Add(LiveTensorCount());
        }

        // The first step makes the momentum buffers; from then on nothing is added.
        Assert.Equal(counts[0], counts[1]);
        Assert.Equal(counts[0], counts[2]);
    }

    private static long LiveTensorCount()
    {
        // What the collector frees on its own is not what is asked about.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
