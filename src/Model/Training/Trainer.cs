using System.Diagnostics;
using System.Runtime.CompilerServices;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

// B batch, H height, W width, K classes

/// <summary>
/// Trains a network: the loop of the original's lib/core/function.py. What a run needs to go on after any step is
/// the network, <see cref="Optimizer"/> and <see cref="Position"/>; <see cref="TrainingSnapshot"/> stores the three.
/// With the same seed, data and number of threads, a run and a resumed run end with the same bits on a CPU.
/// </summary>
public sealed class Trainer : IDisposable
{
    /// <summary>A trainer at the start of a run. The network stays the caller's, and on the device where the caller put it.</summary>
    public Trainer(HrNet network, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        (Network, Options) = (network, options);
        Optimizer = new Sgd(network.named_parameters(), options.Momentum, options.WeightDecay, options.Nesterov);
    }

    /// <summary>What is trained.</summary>
    public HrNet Network { get; }

    /// <summary>The recipe.</summary>
    public TrainingOptions Options { get; }

    /// <summary>The optimizer and its momentum.</summary>
    public Sgd Optimizer { get; }

    /// <summary>Where the run stands; set it (with the network's and the optimizer's state) to resume.</summary>
    public TrainingPosition Position { get; set; }

    /// <summary>The best validation so far, kept with the run by whoever validates; null before the first.</summary>
    public EvaluationResult? Best { get; set; }

    /// <summary>
    /// Trains on what is left of the epoch in progress: on the batches of its order from <see cref="TrainingPosition.Cursor"/> on.
    /// Call <see cref="EndEpoch"/> when all that belongs to the epoch, such as its validation, is done.
    /// </summary>
    /// <remarks>Between two items the caller may save, measure, or break off: the run goes on from <see cref="Position"/>.</remarks>
    public async IAsyncEnumerable<TrainingStep> TrainEpochAsync(
        IAsyncEnumerable<Batch> batches, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        Network.train();
        long start = Stopwatch.GetTimestamp();
        await foreach (Batch batch in batches.WithCancellation(cancellationToken))
        {
            if (LeavesBatchNormNothing(batch))
            {
                Position = Position with { Cursor = batch.Cursor };
                batch.Dispose();
                continue;
            }
            TimeSpan dataTime = Stopwatch.GetElapsedTime(start);
            double learningRate = LearningRate.At(Options, Position.Epoch, Position.Step);
            (double loss, long top1, long top5, int count) = Step(batch, learningRate);
            Position = Position with { Step = Position.Step + 1, Cursor = batch.Cursor };
            yield return new TrainingStep(Position, learningRate, loss, (double)top1 / count, (double)top5 / count, count,
                dataTime, Stopwatch.GetElapsedTime(start));
            start = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Goes on to the next epoch.</summary>
    public void EndEpoch() => Position = new TrainingPosition(Position.Epoch + 1, Position.Step, Cursor: 0);

    // The end of an epoch may be a single image; one of the smallest size has one value a channel at the lowest resolution, from which
    // no statistics can be taken (the original stops with an error there). It is left out.
    private static bool LeavesBatchNormNothing(Batch batch) =>
        batch.Count == 1 && batch.Images.shape is [_, _, HrNet.SizeMultiple, HrNet.SizeMultiple];

    private (double Loss, long Top1, long Top5, int Count) Step(Batch batch, double learningRate)
    {
        using Batch _ = batch;
        using var scope = NewDisposeScope();   // without it memory grows until the garbage collector happens to run
        Device device = Network.parameters().First().device;
        Tensor images_BCHW = ChannelsLast.Of(batch.Images.to(device));
        Tensor labels_B = batch.Labels.to(device);

        Optimizer.ZeroGradients();
        Tensor logits_BK = Network.call(images_BCHW);
        Tensor loss = nn.functional.cross_entropy(logits_BK, labels_B);
        loss.backward();
        Optimizer.Step(learningRate);

        (long top1, long top5) = Accuracy.Count(logits_BK, labels_B);
        return (loss.ToDouble(), top1, top5, (int)labels_B.shape[0]);
    }

    /// <summary>Frees the optimizer's state; the network is the caller's.</summary>
    public void Dispose() => Optimizer.Dispose();
}
