using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Tests.Goldens;
using HrNetBatch.Model.Training;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Training;

public sealed class DataParallelTests
{
    [Theory]
    [InlineData(2, TrainingPrecision.Fp32)]   // four micro-batches on two threads: two at a time
    [InlineData(4, TrainingPrecision.Fp32)]
    [InlineData(4, TrainingPrecision.Bf16)]
    public async Task MicroBatchesAtTheSameTime_LeaveTheBits_ThatTheyLeaveOneAfterTheOther(int microBatchSize, TrainingPrecision precision)
    {
        LibTorch.Load();
        Assert.SkipWhen(precision == TrainingPrecision.Bf16 && !Autocast.IsUsable, "this libtorch has no autocast");
        var options = new TrainingOptions
        {
            EpochCount = 1,
            BatchSize = 8,
            MicroBatchSize = microBatchSize,
            Precision = precision,
            LearningRate = 0.001,
            EmaDecay = 0.5,
            FrozenLayers = ["conv1", "bn1"],
        };

        Dictionary<string, float[]> oneAfterTheOther = await TrainAsync(threadCount: 1, options), together = await TrainAsync(threadCount: 2, options);

        Assert.All(oneAfterTheOther, entry => Assert.True(entry.Value.SequenceEqual(together[entry.Key]), entry.Key));
    }

    [Fact]
    public async Task AFailureInOneOfThem_IsTheSteps()
    {
        LibTorch.Load();
        var options = new TrainingOptions { EpochCount = 1, BatchSize = 8, MicroBatchSize = 4, LearningRate = 0.001 };
        await Assert.ThrowsAnyAsync<Exception>(() => TrainAsync(threadCount: 2, options, label: 1000));
    }

    private static async Task<Dictionary<string, float[]>> TrainAsync(int threadCount, TrainingOptions options, long label = 0)
    {
        using var network = new HrNet(SmallRun.Tiny, 10);
        FormulaWeights.Fill(network);
        network.ToChannelsLast();
        using var trainer = new Trainer(network, options, threadCount: threadCount);
        await foreach (TrainingStep _ in trainer.TrainEpochAsync(Batches(3, label), TestContext.Current.CancellationToken))
        {
        }
        return network.state_dict().Concat(trainer.Outcome.state_dict().Select(entry => KeyValuePair.Create($"average {entry.Key}", entry.Value)))
            .Where(entry => entry.Value.is_floating_point())
            .ToDictionary(entry => entry.Key, entry =>
            {
                using Tensor values = entry.Value.detach().contiguous();
                return values.data<float>().ToArray();
            });
    }

    private static async IAsyncEnumerable<Batch> Batches(int count, long label)
    {
        await Task.CompletedTask;
        for (int step = 0; step < count; step++)
            yield return Batch.Of(FormulaWeights.Noise($"images{step}", 8, 3, 64, 64), arange(8, int64).add_(label));
    }
}
