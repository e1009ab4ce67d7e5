using System.Text.Json.Nodes;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Cli.Inspecting;

/// <summary>All that a checkpoint says about itself; as JSON, what <c>hrnet inspect --json</c> writes.</summary>
internal sealed record Inspection
{
    private const int OtherCount = 50;
    private static readonly string[] ShownElsewhere = ["epoch", "model", "perf", "best_perf", "optimizer", "state_dict", ModelCard.Key];

    public required string File { get; init; }

    public required long Bytes { get; init; }

    public required string Sha256 { get; init; }

    public required CheckpointFormat Format { get; init; }

    /// <summary>The network that the weights are of; null where they are of none of ours.</summary>
    public NetworkFacts? Network { get; init; }

    /// <summary>Whether this program can use the weights; if not, why.</summary>
    public bool IsUsable => Fault is null;

    public string? Fault { get; init; }

    public required WeightFacts Weights { get; init; }

    /// <summary>The epoch to go on with, from 0.</summary>
    public long? Epoch { get; init; }

    /// <summary>The best validation result, as the file gives it.</summary>
    public JsonNode? Perf { get; init; }

    /// <summary>The original's name of the model.</summary>
    public string? Model { get; init; }

    public OptimizerFacts? Optimizer { get; init; }

    public ModelCard? Card { get; init; }

    /// <summary>Whether a train job can go on from it, with its place in the data.</summary>
    public bool HasResume { get; init; }

    /// <summary>The texts beside the tensors of a safetensors file.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Whatever else the file holds: plain values as they are, collections in a few words.</summary>
    public required JsonObject Others { get; init; }

    public required IReadOnlyList<string> Remarks { get; init; }

    public static Inspection Of(Checkpoint checkpoint, bool withTensors)
    {
        WeightFacts weights = WeightFacts.Of(checkpoint, withTensors);
        (NetworkFacts? network, LoadReport? report, string? fault) = NetworkFacts.Of(checkpoint);
        return new Inspection
        {
            File = checkpoint.Name,
            Bytes = checkpoint.Bytes,
            Sha256 = checkpoint.Sha256,
            Format = checkpoint.Format,
            Network = network,
            Fault = fault,
            Weights = weights,
            Epoch = checkpoint.Epoch,
            Perf = checkpoint.Perf is { } perf ? CheckpointJson.ToNode(perf) : null,
            Model = checkpoint.ModelName,
            Optimizer = OptimizerFacts.Of(checkpoint.Optimizer),
            Card = checkpoint.Card,
            HasResume = checkpoint.Extra?["resume"] is CheckpointDictionary,
            Metadata = checkpoint.Metadata.Where(pair => pair.Key != ModelCard.Key).ToDictionary(),
            Others = OthersOf(checkpoint),
            Remarks = [.. checkpoint.Remarks, .. report?.Remarks ?? [], .. weights.Remarks()],
        };
    }

    private static JsonObject OthersOf(Checkpoint checkpoint)
    {
        var others = new JsonObject();
        if (checkpoint.StateDictKey is null || checkpoint.Value is not CheckpointDictionary root)
            return others;
        foreach ((CheckpointValue key, CheckpointValue value) in root)
        {
            if (others.Count == OtherCount)
            {
                others["…"] = "more entries follow";
                break;
            }
            string name = key.AsText() ?? key.ToString()!;
            if (name != checkpoint.StateDictKey && !(ShownElsewhere.Contains(name) && value is not CheckpointDictionary) && name != "optimizer" && name != ModelCard.Key)
                others[name] = value is CheckpointDictionary or CheckpointList or CheckpointTuple ? value.ToString() : CheckpointJson.ToNode(value);
        }
        return others;
    }
}
