using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Tests.Data;
using HrNetBatch.Model.Training;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Training;

/// <summary>A run over ten samples of ten classes in two shards in memory: three steps an epoch, the last of two samples.</summary>
internal sealed class SmallRun : IDisposable
{
    /// <summary>Options of a run unless others are given.</summary>
    public static readonly TrainingOptions Options = new()
    {
        Seed = 3,
        EpochCount = 2,
        BatchSize = 4,
        LearningRate = 0.02,
        LearningRateMilestones = [1],
        WarmUpSteps = 2,
        LastBatch = LastBatch.Keep,
    };

    /// <summary>A network as small as they come; the head is as wide as ever.</summary>
    public static readonly HrNetArchitecture Tiny = HrNetArchitecture.Uniform(stage1BlockCount: 1, stage1Width: 4, (1, 1, 1), blockCount: 1, width: 4);

    private static readonly Lazy<Task<Shards>> Data = new(() => Shards.CreateAsync(5, 5));

    private readonly TrainingOptions _options;
    private readonly HrNet? _teacher;

    /// <param name="options">Null: <see cref="Options"/>, and the network w18_small_v1 instead of <see cref="Tiny"/>.</param>
    /// <param name="distils">Whether it learns from a teacher.</param>
    public SmallRun(TrainingOptions? options = null, bool distils = false)
    {
        _options = options ?? Options;
        Network = new HrNet(options is null ? HrNetVariant.Parse("w18_small_v1").Architecture : Tiny, 10, _options.Seed);
        Network.ToChannelsLast();
        _teacher = distils ? new HrNet(Tiny, 10, seed: 77) : null;
        Trainer = new Trainer(Network, _options, _teacher);
    }

    public HrNet Network { get; }

    public Trainer Trainer { get; }

    public static ModelCard Card { get; } = new("w18_small_v1", 32, [.. "abcdefghij".Select(letter => $"{letter}")]);

    /// <summary>Goes on until so many steps were made since the run began, or the run is over; gives the losses of the steps it made.</summary>
    public async Task<List<double>> TrainAsync(long untilStep = long.MaxValue)
    {
        var losses = new List<double>();
        while (!Trainer.IsFinished)
        {
            await foreach (TrainingStep step in Trainer.TrainEpochAsync(await BatchesAsync()))
            {
                losses.Add(step.Loss);
                if (step.Position.Step == untilStep)
                    return losses;
            }
            Trainer.EndEpoch();
        }
        return losses;
    }

    /// <summary>Everything that the run would go on from, as bytes.</summary>
    public byte[] Save()
    {
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, TrainingSnapshot.Capture(Trainer, Card, owner: "test", []).ToValue());
        return file.ToArray();
    }

    /// <summary>A new run, put where the saved one stood.</summary>
    public static SmallRun Resume(byte[] saved, TrainingOptions? options = null, bool distils = false)
    {
        var run = new SmallRun(options, distils);
        using Checkpoint checkpoint = CheckpointReader.Read(new MemoryStream(saved), "saved.pth.tar");
        TrainingSnapshot.Restore(run.Trainer, checkpoint, owner: "test");
        return run;
    }

    /// <summary>The batches of what is left of the epoch.</summary>
    public async Task<IAsyncEnumerable<Batch>> BatchesAsync(int? batchSize = null)
    {
        Shards shards = await Data.Value;
        var options = new BatchLoaderOptions { BatchSize = batchSize ?? _options.BatchSize, ImageSize = 32, IsTraining = true, Seed = _options.Seed, ShuffleBufferSize = 4, ThreadCount = 1, DropsLast = _options.LastBatch == LastBatch.Drop };
        var loader = new BatchLoader(shards.Names, shards.OpenAsync, options);
        return loader.ReadAsync(Trainer.Position.Epoch, Trainer.Position.Cursor, TestContext.Current.CancellationToken);
    }

    /// <summary>Weights, average and the optimizer's state are those of another run, bit for bit.</summary>
    public void AssertSameBitsAs(SmallRun expected)
    {
        using var scope = NewDisposeScope();
        AssertSame(expected.Network.state_dict(), Network.state_dict());
        AssertSame(expected.Trainer.Outcome.state_dict(), Trainer.Outcome.state_dict());
        OptimizerState expectedState = expected.Trainer.Optimizer.Capture(1, 1), state = Trainer.Optimizer.Capture(1, 1);
        for (int i = 0; i < expectedState.Slots.Count; i++)
        {
            foreach ((CheckpointValue name, CheckpointValue value) in expectedState.Slots[i]!)
            {
                CheckpointValue actual = state.Slots[i]![name.AsText()!]!;
                Assert.True(value is CheckpointTensor { Tensor: var tensor } ? tensor.Equals(((CheckpointTensor)actual).Tensor) : value == actual, $"{name} of parameter {i}");
            }
        }
    }

    public void Dispose()
    {
        Trainer.Dispose();
        Network.Dispose();
        _teacher?.Dispose();
    }

    private static void AssertSame(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual) =>
        Assert.All(expected, entry => Assert.True(entry.Value.Equals(actual[entry.Key]), entry.Key));
}
