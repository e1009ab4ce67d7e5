using System.Text.Json.Nodes;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Cli.Inspecting;

/// <summary>An optimizer's state dict.</summary>
/// <param name="Kind">Told from its options: a state dict does not name its class.</param>
/// <param name="GroupCount">Groups of parameters.</param>
/// <param name="ParameterCount">Parameters in all groups.</param>
/// <param name="StateCount">Parameters for which it holds a state, such as a momentum.</param>
/// <param name="Options">The first group's options.</param>
internal sealed record OptimizerFacts(string Kind, int GroupCount, int ParameterCount, int StateCount, JsonObject Options)
{
    private const int OptionCount = 50;

    public static OptimizerFacts? Of(CheckpointValue? optimizer)
    {
        if (optimizer is not CheckpointDictionary root || root["param_groups"] is not CheckpointList { Items: var items })
            return null;
        CheckpointDictionary[] groups = [.. items.OfType<CheckpointDictionary>()];
        var options = new JsonObject();
        foreach ((CheckpointValue key, CheckpointValue value) in groups.FirstOrDefault() ?? [])
        {
            if (key.AsText() is { } name && name != "params" && options.Count < OptionCount)
                options[name] = CheckpointJson.ToNode(value);
        }
        return new OptimizerFacts(
            KindOf(options), groups.Length, groups.Sum(group => (group["params"] as CheckpointList)?.Items.Count ?? 0), (root["state"] as CheckpointDictionary)?.Count ?? 0, options);
    }

    private static string KindOf(JsonObject options) =>
        options.ContainsKey("nesterov") ? "SGD"
        : options.ContainsKey("amsgrad") ? "Adam or AdamW"
        : options.ContainsKey("centered") ? "RMSprop"
        : "of another kind";
}
