using System.Text.Json;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Model.Training;

/// <summary>
/// Stores a run between two steps in the original's <c>checkpoint.pth.tar</c>, and goes on from there with the same bits.
/// tools/train.py of the original can resume such a file too: it begins the epoch in progress anew.
/// </summary>
public static class TrainingSnapshot
{
    private const long Format = 1;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The run as it stands, for <see cref="CheckpointWriter"/>. Its tensors are the run's own: write it before the next step.</summary>
    /// <param name="trainer">The run.</param>
    /// <param name="card">What the weights are for.</param>
    /// <param name="owner">Whose run it is; <see cref="Restore"/> refuses another's.</param>
    /// <param name="sampleCounts">Sample counts of the shards read so far, which spare a resumed epoch reading what it had consumed.</param>
    public static TrainingCheckpoint Capture(Trainer trainer, ModelCard card, string owner, IEnumerable<KeyValuePair<string, long>> sampleCounts)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        TrainingOptions options = trainer.Options;
        TrainingPosition position = trainer.Position;
        var momenta = Enumerable.Range(0, trainer.Optimizer.ParameterCount).Select(trainer.Optimizer.Momentum).ToList();
        var resume = new CheckpointDictionary
        {
            { "format", Format },
            { "owner", owner },
            { "epoch", (long)position.Epoch },
            { "step", position.Step },
            { "cursor", position.Cursor },
            { "seed", options.Seed },
            { "options", JsonSerializer.Serialize(options, Json) },
        };
        var counts = new CheckpointDictionary();
        foreach ((string shard, long count) in sampleCounts)
            counts.Add(shard, count);
        resume.Add("sample_counts", counts);
        if (trainer.Best is { } best)
            resume.Add("best", new CheckpointDictionary
            {
                { "loss", best.Loss }, { "top1", best.Top1 }, { "top5", best.Top5 }, { "count", best.Count },
            });
        return new TrainingCheckpoint
        {
            Epoch = position.Epoch,
            StateDict = trainer.Network.state_dict(),
            Perf = 100 * (trainer.Best?.Top1 ?? 0),
            Optimizer = new SgdState(momenta, LearningRate.At(options, position.Epoch, position.Step), options.Momentum, options.WeightDecay, options.Nesterov)
            {
                InitialLearningRate = options.LearningRate,
            }.ToValue(),
            Card = card,
            Resume = resume,
        };
    }

    /// <summary>Puts a fresh trainer where the stored run stood. The checkpoint may be disposed afterwards.</summary>
    /// <param name="trainer">A trainer of the same network and options.</param>
    /// <param name="checkpoint">What <see cref="Capture"/> gave.</param>
    /// <param name="owner">Whose run goes on.</param>
    /// <returns>The sample counts that were stored.</returns>
    /// <exception cref="CheckpointException">The checkpoint is no such run, another's, or of another network or recipe.</exception>
    public static IReadOnlyDictionary<string, long> Restore(Trainer trainer, Checkpoint checkpoint, string owner)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Extra?["resume"] is not CheckpointDictionary resume || resume["format"]?.AsInteger() != Format)
            throw new CheckpointException($"{checkpoint.Name}: it does not say where its run stood, so it cannot be resumed; start a new run from its weights.");
        if (resume["owner"]?.AsText() is var found && found != owner)
            throw new CheckpointException($"{checkpoint.Name}: it belongs to the run {found}, not to {owner}; give this run an output of its own.");
        if (resume["options"]?.AsText() is var options && options != JsonSerializer.Serialize(trainer.Options, Json))
            throw new CheckpointException($"{checkpoint.Name}: its run has another recipe: {options}. Resume with that, or start a new run.");

        StateDictLoader.Load(trainer.Network, checkpoint);
        SgdState optimizer = SgdState.From(checkpoint.Optimizer);
        if (optimizer.MomentumBuffers.Count != trainer.Optimizer.ParameterCount)
            throw new CheckpointException($"{checkpoint.Name}: its optimizer knows {optimizer.MomentumBuffers.Count} parameters, the network has {trainer.Optimizer.ParameterCount}.");
        for (int i = 0; i < optimizer.MomentumBuffers.Count; i++)
        {
            if (optimizer.MomentumBuffers[i] is { } momentum)
                trainer.Optimizer.RestoreMomentum(i, momentum);
        }
        trainer.Position = new TrainingPosition((int)Number("epoch"), Number("step"), Number("cursor"));
        trainer.Best = resume["best"] is CheckpointDictionary best
            ? new EvaluationResult(Share(best, "loss"), Share(best, "top1"), Share(best, "top5"), best["count"]?.AsInteger() ?? 0)
            : null;
        return (resume["sample_counts"] as CheckpointDictionary ?? []).ToDictionary(entry => entry.Key.AsText() ?? "", entry => entry.Value.AsInteger() ?? 0);

        long Number(string key) => resume[key]?.AsInteger() ?? throw new CheckpointException($"{checkpoint.Name}: its resume data lacks '{key}'.");
        double Share(CheckpointDictionary of, string key) => of[key]?.AsNumber() ?? throw new CheckpointException($"{checkpoint.Name}: its best validation lacks '{key}'.");
    }
}
