using System.Diagnostics;
using System.Runtime.CompilerServices;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

// B batch, H height, W width, K classes

/// <summary>
/// Trains a network: the loop of the original's lib/core/function.py. What a run needs to go on after any step is the network, its
/// <see cref="Average"/>, <see cref="Optimizer"/>, <see cref="Position"/> and <see cref="Best"/>; <see cref="TrainingSnapshot"/> stores them.
/// With the same seed, data and number of threads, a run and a resumed run end with the same bits on a CPU, whatever the options.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly TorchThreads _thread;   // of all its steps
    private readonly DataParallel _parallel;
    private readonly Teacher? _teacher;
    private double _lastLoss = double.NaN, _lastLearningRate = double.NaN;

    /// <summary>A trainer at the start of a run. The network stays the caller's, and on the device where the caller put it.</summary>
    /// <param name="network">What is trained, laid out as it will stay (<see cref="ChannelsLast.ToChannelsLast"/>); it begins with the weights that it has.</param>
    /// <param name="options">The recipe.</param>
    /// <param name="teacher">A network of as many classes, on the same device, whose answers are learnt instead of the labels (SSLD); the caller's. Null: labels are learnt.</param>
    /// <param name="threadCount">libtorch's threads of each step on a CPU; null: as many as the caller's thread has.</param>
    /// <exception cref="ArgumentException">The options do not fit together, or not the network; the message says which.</exception>
    /// <exception cref="LibTorchException">bf16 is asked for, and this libtorch cannot.</exception>
    public Trainer(HrNet network, TrainingOptions options, HrNet? teacher = null, int? threadCount = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults().FirstOrDefault() is { } fault)
            throw new ArgumentException($"No run can be made of this recipe: {fault}.", nameof(options));
        if (teacher is not null && teacher.ClassCount != network.ClassCount)
            throw new ArgumentException($"The teacher tells {teacher.ClassCount} classes apart, its student {network.ClassCount}: they must be the same.", nameof(teacher));
        if (options.Precision == TrainingPrecision.Bf16)
            Autocast.ThrowUnlessUsable();
        (Network, Options) = (network, options);
        var frozen = new FrozenLayers(network, options.FrozenLayers);
        int threads = threadCount ?? get_num_threads();
        _thread = new TorchThreads(1, threads);
        _parallel = new DataParallel(network, frozen, options, threads);
        _teacher = teacher is null ? null : new Teacher(teacher, options);
        Optimizer = Optimizer.Of(frozen.Trained, options);
        Average = options.EmaDecay > 0 ? new WeightAverage(network, options.EmaDecay, options.EmaRampsUp) : null;
    }

    /// <summary>What is trained.</summary>
    public HrNet Network { get; }

    /// <summary>The recipe.</summary>
    public TrainingOptions Options { get; }

    /// <summary>The optimizer and its state.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The moving average of the weights; null where the recipe has none.</summary>
    public WeightAverage? Average { get; }

    /// <summary>The network that the run is about, its final one: the average where there is one, else what is trained.</summary>
    public HrNet Outcome => Average?.Network ?? Network;

    /// <summary>Whether a teacher's answers are learnt.</summary>
    public bool IsDistilling => _teacher is not null;

    /// <summary>Where the run stands; set it (with all the other state) to resume.</summary>
    public TrainingPosition Position { get; set; }

    /// <summary>The best validation so far; null before the first.</summary>
    public EvaluationResult? Best { get; private set; }

    /// <summary>The epoch, from 0, after which <see cref="Best"/> was measured.</summary>
    public int BestEpoch { get; private set; }

    /// <summary>Whether the run is over: all epochs are done, or validation has not improved for <see cref="TrainingRecipe.EarlyStoppingPatience"/> of them.</summary>
    public bool IsFinished => Position.Epoch >= Options.EpochCount
        || Options.EarlyStoppingPatience > 0 && Best is not null && Position.Epoch - 1 - BestEpoch >= Options.EarlyStoppingPatience;

    /// <summary>
    /// Trains on what is left of the epoch in progress: on the batches of its order from <see cref="TrainingPosition.Cursor"/> on.
    /// Call <see cref="EndEpoch"/> when all that belongs to the epoch, such as its validation, is done.
    /// </summary>
    /// <remarks>Between two items the caller may save, measure, or break off: the run goes on from <see cref="Position"/>.</remarks>
    /// <exception cref="InvalidDataException">A sample has no label, and there is no teacher to learn from.</exception>
    /// <exception cref="DivergedException">The loss, or the norm of the gradients, is not finite. The weights are those before the step; batch norms have seen it.</exception>
    public async IAsyncEnumerable<TrainingStep> TrainEpochAsync(
        IAsyncEnumerable<Batch> batches, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        _parallel.Train();
        long start = Stopwatch.GetTimestamp();
        await foreach (Batch batch in batches.WithCancellation(cancellationToken))
        {
            if (batch.Count < LeastImages(batch.Images))
            {
                Position = Position with { Cursor = batch.Cursor };
                batch.Dispose();
                continue;
            }
            TimeSpan dataTime = Stopwatch.GetElapsedTime(start);
            double learningRate = LearningRate.At(Options, Position.Epoch, Position.Step);
            (Measured measured, double? gradientNorm) = await _thread.RunAsync(() => Step(batch, learningRate), CancellationToken.None);
            (_lastLoss, _lastLearningRate) = (measured.Loss, learningRate);
            Position = Position with { Step = Position.Step + 1, Cursor = batch.Cursor };
            yield return new TrainingStep(Position, learningRate, measured.Loss, measured.Top1, measured.Top5, measured.Count, dataTime, Stopwatch.GetElapsedTime(start))
            {
                GradientNorm = gradientNorm,
            };
            start = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Makes sure that the weights, and their average, are finite: look before they are validated or saved.</summary>
    /// <exception cref="DivergedException">They are not.</exception>
    public void RequireFinite()
    {
        string? name = FiniteWeights.FirstOther(Network.state_dict());
        if (name is null && Average is not null && FiniteWeights.FirstOther(Average.Network.state_dict()) is { } averaged)
            name = $"the average of {averaged}";
        if (name is not null)
            throw DivergedException.Weights(Position.Step, _lastLearningRate, _lastLoss, name);
    }

    /// <summary>Takes note of a validation after the epoch in progress.</summary>
    /// <returns>Whether it is the run's best so far, and the network worth saving as such.</returns>
    public bool Observe(EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (Best is not null && result.Top1 <= Best.Top1)
            return false;
        RestoreBest(result, Position.Epoch);
        return true;
    }

    /// <summary>Goes on to the next epoch.</summary>
    public void EndEpoch() => Position = new TrainingPosition(Position.Epoch + 1, Position.Step, Cursor: 0);

    internal void RestoreBest(EvaluationResult? best, int epoch) => (Best, BestEpoch) = (best, epoch);

    // One image of the smallest size has one value a channel at the lowest resolution, from which batch norm can take no statistics (the
    // original stops with an error there). At the end of an epoch such a one is left out, at the end of a batch it joins its neighbours.
    private static int LeastImages(Tensor images) => images.shape is [_, _, HrNet.SizeMultiple, HrNet.SizeMultiple] ? 2 : 1;

    private (Measured Measured, double? GradientNorm) Step(Batch batch, double learningRate)
    {
        using Batch _ = batch;
        using var scope = NewDisposeScope();   // without it memory grows until the garbage collector happens to run
        Device device = Network.parameters().First().device;
        RefuseUnlabelled(batch);
        (Tensor images_BCHW, Targets targets) = BatchMixing.Apply(Options, Position.Step, ChannelsLast.Of(batch.Images.to(device)), batch.Labels.to(device));

        Optimizer.ZeroGradients();
        List<(int Start, int Count)> parts = MicroBatches.Of(
            Options, batch.Count, Math.Max(LeastImages(images_BCHW), MicroBatches.LeastCount(Options)));
        Measured measured = _parallel.Learn(parts, (network, part) => Learn(network, images_BCHW, targets, part, batch.Count)).Aggregate((a, b) => a + b);
        // The loss was read already, the norm is in the same breath: neither makes a GPU wait once more.
        RequireFinite(measured.Loss, "loss", learningRate);
        double? norm = Options.GradientClipNorm > 0 ? nn.utils.clip_grad_norm_(Optimizer.Parameters, Options.GradientClipNorm) : null;
        RequireFinite(norm ?? 0, "norm of the gradients", learningRate);
        Optimizer.Step(learningRate);
        Average?.Update(Position.Step);
        return (measured, norm);
    }

    private void RequireFinite(double value, string what, double learningRate)
    {
        if (!double.IsFinite(value))
            throw DivergedException.AtStep(Position.Step + 1, learningRate, what, value);
    }

    // Forward and backward of a part of a batch: the gradients of its share in the mean loss over the whole batch.
    private Measured Learn(HrNet network, Tensor images_BCHW, Targets targets, (int Start, int Count) part, int batchCount)
    {
        using var scope = NewDisposeScope();
        images_BCHW = images_BCHW.narrow(0, part.Start, part.Count);
        targets = targets.Part(part.Start, part.Count);

        Tensor logits_BK = Logits(network, images_BCHW), loss, right_B;
        if (_teacher is null)
        {
            loss = TrainingLoss.CrossEntropy(logits_BK, targets, Options.LabelSmoothing);
            right_B = targets.MainLabels;
        }
        else
        {
            Tensor answers_BK = _teacher.Answer(images_BCHW);
            loss = TrainingLoss.Distillation(logits_BK, answers_BK);
            right_B = answers_BK.argmax(1);
        }
        loss = loss.Times((double)part.Count / batchCount);
        loss.backward();

        (long top1, long top5) = Accuracy.Count(logits_BK, right_B);
        return new Measured(loss.item<float>(), top1, top5, part.Count);
    }

    private Tensor Logits(HrNet network, Tensor images_BCHW)
    {
        if (Options.Precision == TrainingPrecision.Fp32)
            return network.call(images_BCHW);
        using (Autocast.Bf16(images_BCHW.device))
            return network.call(images_BCHW).to(float32);   // the loss is as exact as ever
    }

    private void RefuseUnlabelled(Batch batch)
    {
        if (_teacher is null && batch.Labels.min().item<long>() < 0)
            throw new InvalidDataException("A sample of the training data has no label, and only a teacher can teach without labels. Label the samples, or name a teacher.");
    }

    /// <summary>Frees the optimizer's state and the average; the network is the caller's.</summary>
    public void Dispose()
    {
        _thread.Dispose();
        _parallel.Dispose();
        Optimizer.Dispose();
        Average?.Dispose();
        _teacher?.Dispose();
    }

    private readonly record struct Measured(double Loss, long Top1Count, long Top5Count, int Count)
    {
        public double Top1 => (double)Top1Count / Count;

        public double Top5 => (double)Top5Count / Count;

        public static Measured operator +(Measured a, Measured b) =>
            new(a.Loss + b.Loss, a.Top1Count + b.Top1Count, a.Top5Count + b.Top5Count, a.Count + b.Count);
    }
}
