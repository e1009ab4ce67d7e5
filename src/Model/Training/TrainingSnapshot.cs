using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>
/// Stores a run between two steps in the original's <c>checkpoint.pth.tar</c>, and goes on from there with the same bits.
/// tools/train.py of the original can resume such a file too: it begins the epoch in progress anew.
/// </summary>
public static class TrainingSnapshot
{
    private const long Format = 3, FirstFormat = 1;   // 1 knew neither averages nor the epoch of the best, 2 not how the data are read, kept every last batch and let no decay rise
    private const string AverageKey = "state_dict_ema";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <summary>The run as it stands, for <see cref="CheckpointWriter"/>. Its tensors are the run's own: write it before the next step.</summary>
    /// <param name="trainer">The run.</param>
    /// <param name="card">What the weights are for.</param>
    /// <param name="owner">Whose run it is; <see cref="Restore"/> refuses another's.</param>
    /// <param name="sampleCounts">Sample counts of the shards read so far, which spare a resumed epoch reading what it had consumed.</param>
    /// <param name="data">How the run reads its data, for <see cref="DataOf"/>.</param>
    public static TrainingCheckpoint Capture(
        Trainer trainer, ModelCard card, string owner, IEnumerable<KeyValuePair<string, long>> sampleCounts, CheckpointDictionary? data = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        TrainingOptions options = trainer.Options;
        TrainingPosition position = trainer.Position;
        var resume = new CheckpointDictionary
        {
            { "format", Format },
            { "owner", owner },
            { "epoch", (long)position.Epoch },
            { "step", position.Step },
            { "cursor", position.Cursor },
            { "seed", options.Seed },
            { "options", JsonSerializer.Serialize(options, Json) },
            { "distilling", trainer.IsDistilling },
            { "versions", Versions() },
        };
        var counts = new CheckpointDictionary();
        foreach ((string shard, long count) in sampleCounts)
            counts.Add(shard, count);
        resume.Add("sample_counts", counts);
        resume.Add("data", data ?? []);
        if (trainer.Best is { } best)
            resume.Add("best", new CheckpointDictionary
            {
                { "loss", best.Loss }, { "top1", best.Top1 }, { "top5", best.Top5 }, { "count", best.Count }, { "epoch", (long)trainer.BestEpoch },
            });
        return new TrainingCheckpoint
        {
            Epoch = position.Epoch,
            StateDict = trainer.Network.state_dict(),
            AverageStateDict = trainer.Average?.Network.state_dict(),
            Perf = 100 * (trainer.Best?.Top1 ?? 0),
            Optimizer = trainer.Optimizer.Capture(LearningRate.At(options, position.Epoch, position.Step), LearningRate.Full(options)).ToValue(),
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
        CheckpointDictionary resume = ResumeOf(checkpoint);
        if (resume["owner"]?.AsText() is var found && found != owner)
            throw Refusal($"it belongs to the run {found}, not to {owner}; give this run an output of its own.");
        if (resume["options"]?.AsText() is { } options
            && (Stored(options) is not { } stored || JsonSerializer.Serialize(stored, Json) != JsonSerializer.Serialize(trainer.Options, Json)))
            throw Refusal($"its run has another recipe: {options}. Resume with that, or start a new run.");
        if (resume["distilling"] is CheckpointBoolean { Value: var distilling } && distilling != trainer.IsDistilling)
            throw Refusal(distilling ? "its run learns from a teacher, and none was given." : "its run learns from labels, not from a teacher.");

        try
        {
            StateDictLoader.Load(trainer.Network, StateDictSelection.Select(Weights("state_dict")).Weights);
            if (trainer.Average is { } average)
                StateDictLoader.Load(average.Network, StateDictSelection.Select(Weights(AverageKey)).Weights);
            trainer.Optimizer.Restore(OptimizerState.From(checkpoint.Optimizer));
        }
        catch (Exception e) when (e is CheckpointException or InvalidDataException)
        {
            throw Refusal(e.Message, e);
        }
        trainer.Position = new TrainingPosition((int)Number("epoch"), Number("step"), Number("cursor"));
        if (resume["best"] is CheckpointDictionary best)
        {
            var result = new EvaluationResult(Share(best, "loss"), Share(best, "top1"), Share(best, "top5"), best["count"]?.AsInteger() ?? 0);
            trainer.RestoreBest(result, (int)(best["epoch"]?.AsInteger() ?? trainer.Position.Epoch));
        }
        else
        {
            trainer.RestoreBest(null, 0);
        }
        return (resume["sample_counts"] as CheckpointDictionary ?? []).ToDictionary(entry => entry.Key.AsText() ?? "", entry => entry.Value.AsInteger() ?? 0);

        CheckpointValue Weights(string key) => (checkpoint.Value as CheckpointDictionary)?[key] ?? throw Refusal($"it lacks '{key}'.");
        long Number(string key) => resume[key]?.AsInteger() ?? throw Refusal($"its resume data lacks '{key}'.");
        double Share(CheckpointDictionary of, string key) => of[key]?.AsNumber() ?? throw Refusal($"its best validation lacks '{key}'.");
        CheckpointException Refusal(string reason, Exception? cause = null) => cause is null ? new($"{checkpoint.Name}: {reason}") : new($"{checkpoint.Name}: {reason}", cause);
    }

    /// <summary>The options with what a run found out about itself when it began, or began with in an earlier version: a resumed one has the same.</summary>
    /// <param name="options">What the run was asked for.</param>
    /// <param name="checkpoint">What <see cref="Capture"/> gave.</param>
    /// <exception cref="CheckpointException">The checkpoint is no run.</exception>
    public static TrainingOptions AsBegun(TrainingOptions options, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ResumeOf(checkpoint)["options"]?.AsText() is { } text && Stored(text) is { } stored
            ? options with { LastBatch = stored.LastBatch, EmaRampsUp = stored.EmaRampsUp, StepsPerEpoch = stored.StepsPerEpoch, WarmUpSteps = stored.WarmUpSteps }
            : options;
    }

    /// <summary>How the stored run reads its data, as its user gave it; empty where the checkpoint is from a version that did not ask.</summary>
    /// <exception cref="CheckpointException">The checkpoint is no run.</exception>
    public static CheckpointDictionary DataOf(Checkpoint checkpoint) => ResumeOf(checkpoint)["data"] as CheckpointDictionary ?? [];

    /// <summary>Why a resumed run may end with other bits than one that was never interrupted, each in half a sentence for people; empty where it will not (on a CPU).</summary>
    /// <param name="checkpoint">What <see cref="Capture"/> gave.</param>
    /// <exception cref="CheckpointException">The checkpoint is no run.</exception>
    public static IReadOnlyList<string> Remarks(Checkpoint checkpoint)
    {
        CheckpointDictionary stored = ResumeOf(checkpoint)["versions"] as CheckpointDictionary ?? [];
        return [.. from entry in Versions()
                   let before = stored[entry.Key.AsText()!]
                   where before is not null && before != entry.Value
                   select $"{entry.Key.AsText()} was {before}, and is {entry.Value} here"];
    }

    private static CheckpointDictionary ResumeOf(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return checkpoint.Extra?["resume"] is CheckpointDictionary resume && resume["format"]?.AsInteger() is >= FirstFormat and <= Format ? resume
            : throw new CheckpointException($"{checkpoint.Name}: it does not say where its run stood, so it cannot be resumed; start a new run from its weights.");
    }

    private static CheckpointDictionary Versions() => new()
    {
        { "hrnetbatch", typeof(TrainingSnapshot).Assembly.GetName().Version?.ToString() ?? "" },
        { "libtorch", LibTorch.Version },
        { "threads", (long)get_num_threads() },
        { "processor", RuntimeInformation.ProcessArchitecture.ToString() },
    };

    // Options of an earlier version lack what came later: what the run has had stands in for it. That is the default, but for what was another way before.
    private static TrainingOptions? Stored(string options)
    {
        try
        {
            if (JsonNode.Parse(options) is not JsonObject fields)
                return null;
            fields.TryAdd("lastBatch", "keep");
            fields.TryAdd("emaRampsUp", false);
            if (fields["schedule"] is { } schedule && fields.Remove("schedule"))
                fields.TryAdd("learningRateSchedule", schedule);
            return fields.Deserialize<TrainingOptions>(Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
