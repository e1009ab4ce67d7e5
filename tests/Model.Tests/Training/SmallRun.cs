using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Tests.Data;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Model.Tests.Training;

/// <summary>A run over ten samples of ten classes in two shards in memory: three steps an epoch, the last of two samples.</summary>
internal sealed class SmallRun : IDisposable
{
    /// <summary>Options of the run.</summary>
    public static readonly TrainingOptions Options = new()
    {
        Seed = 3,
        EpochCount = 2,
        BatchSize = 4,
        LearningRate = 0.02,
        LearningRateMilestones = [1],
        WarmUpSteps = 2,
    };

    private static readonly Lazy<Task<Shards>> Data = new(() => Shards.CreateAsync(5, 5));

    public SmallRun()
    {
        Network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 10, Options.Seed);
        Network.ToChannelsLast();
        Trainer = new Trainer(Network, Options);
    }

    public HrNet Network { get; }

    public Trainer Trainer { get; }

    public static ModelCard Card { get; } = new("w18_small_v1", 32, [.. "abcdefghij".Select(letter => $"{letter}")]);

    /// <summary>Goes on until so many steps were made since the run began, or the run is over.</summary>
    public async Task TrainAsync(long untilStep = long.MaxValue)
    {
        while (Trainer.Position.Epoch < Options.EpochCount)
        {
            await foreach (TrainingStep step in Trainer.TrainEpochAsync(await BatchesAsync()))
            {
                if (step.Position.Step == untilStep)
                    return;
            }
            Trainer.EndEpoch();
        }
    }

    /// <summary>Everything that the run would go on from, as bytes.</summary>
    public byte[] Save()
    {
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, TrainingSnapshot.Capture(Trainer, Card, owner: "test", []).ToValue());
        return file.ToArray();
    }

    /// <summary>A new run, put where the saved one stood.</summary>
    public static SmallRun Resume(byte[] saved)
    {
        var run = new SmallRun();
        using Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(saved), "saved.pth.tar");
        TrainingSnapshot.Restore(run.Trainer, checkpoint, owner: "test");
        return run;
    }

    /// <summary>The batches of what is left of the epoch.</summary>
    public async Task<IAsyncEnumerable<Batch>> BatchesAsync(int? batchSize = null)
    {
        Shards shards = await Data.Value;
        var options = new BatchLoaderOptions { BatchSize = batchSize ?? Options.BatchSize, ImageSize = 32, IsTraining = true, Seed = Options.Seed, ShuffleBufferSize = 4, ThreadCount = 1 };
        var loader = new BatchLoader(shards.Names, shards.OpenAsync, options);
        return loader.ReadAsync(Trainer.Position.Epoch, Trainer.Position.Cursor, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        Trainer.Dispose();
        Network.Dispose();
    }
}
