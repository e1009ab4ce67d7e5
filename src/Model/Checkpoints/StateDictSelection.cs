using System.Globalization;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Which dictionary of a checkpoint holds the weights, and the weights under the network's own names.</summary>
/// <param name="Key">The dictionary's key; null where the file is the state dict itself.</param>
/// <param name="Weights">By name, without the prefixes of wrappers.</param>
/// <param name="Remarks">What was chosen, stripped or left out.</param>
internal sealed record StateDictSelection(string? Key, IReadOnlyDictionary<string, Tensor> Weights, IReadOnlyList<string> Remarks)
{
    private const int NameLength = 256;
    private const string AverageCounter = "n_averaged";
    private static readonly string[] Keys = ["state_dict_ema", "model_ema", "state_dict", "model"];
    private static readonly string[] Prefixes = ["module.", "_orig_mod."];

    public static StateDictSelection Select(CheckpointValue value)
    {
        if (value is not CheckpointDictionary root)
            throw new InvalidDataException($"it holds a {value.KindName}, not a state dict or a dictionary with one");
        string[] candidates = [.. Keys.Where(key => root[key] is CheckpointDictionary)];
        string? chosenKey = candidates.FirstOrDefault();
        var chosen = chosenKey is null ? root : (CheckpointDictionary)root[chosenKey]!;
        var remarks = new List<string>();
        if (candidates.Length > 1)
            remarks.Add($"it holds several sets of weights; '{chosenKey}' is used, {string.Join(", ", candidates.Skip(1).Select(key => $"'{key}'"))} is not");

        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var strippedCounts = new OrderedDictionary<string, int>();
        foreach ((CheckpointValue key, CheckpointValue item) in chosen)
        {
            if (key is not CheckpointText { Text: var written } || item is not CheckpointTensor { Tensor: var tensor })
                throw new InvalidDataException(chosen == root
                    ? $"it is neither a state dict (its entry {key} is a {item.KindName}) nor has it one under {string.Join(", ", Keys.Select(k => $"'{k}'"))}"
                    : $"its state dict's entry {key} is a {item.KindName}, not a tensor");
            if (written.Length > NameLength || !ForeignText.IsPrintable(written))
                throw new InvalidDataException($"its state dict has a tensor called '{ForeignText.Printable(written, 40)}', and no parameter has such a name");
            string name = WithoutPrefixes(written, strippedCounts);
            if (name == AverageCounter && tensor.numel() == 1)
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"it is an average of {new CheckpointTensor(tensor).ToDouble():0} states (AveragedModel); its counter '{AverageCounter}' is left out"));
            else if (!weights.TryAdd(name, tensor))
                throw new InvalidDataException($"its state dict has two entries that are both '{name}' without their prefixes");
        }
        if (weights.Count == 0)
            throw new InvalidDataException("its state dict is empty");
        foreach ((string prefix, int count) in strippedCounts)
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"the prefix '{prefix}' was left out of {(count >= weights.Count ? "all" : $"{count} of {chosen.Count}")} names"));
        return new StateDictSelection(chosenKey, weights.AsReadOnly(), remarks);
    }

    private static string WithoutPrefixes(string name, OrderedDictionary<string, int> strippedCounts)
    {
        while (Prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix)
        {
            name = name[prefix.Length..];
            strippedCounts[prefix] = strippedCounts.GetValueOrDefault(prefix) + 1;
        }
        return name;
    }
}
