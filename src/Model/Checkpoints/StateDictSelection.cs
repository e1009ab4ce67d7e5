using System.Globalization;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Which dictionary of a checkpoint holds the weights, and the weights under the network's own names.</summary>
/// <param name="Key">The dictionary's key; null where the file is the state dict itself.</param>
/// <param name="Weights">By name, without the prefixes of wrappers.</param>
/// <param name="Remarks">What was chosen, stripped, renamed or left out.</param>
internal sealed record StateDictSelection(string? Key, IReadOnlyDictionary<string, Tensor> Weights, IReadOnlyList<string> Remarks)
{
    private const int NameLength = 256;

    // In this order: averages first, then the names of the original, of timm, of PyTorch's tutorials, and of those who follow none of them.
    private static readonly string[] Keys =
    [
        "state_dict_ema", "model_ema", "ema_state_dict", "params_ema", "state_dict", "model_state_dict", "model_state", "model", "net", "network",
        "net_state_dict", "weights", "params", "backbone", "module", "model_weights",
    ];

    public static StateDictSelection Select(CheckpointValue value)
    {
        (string? Key, CheckpointDictionary Dictionary)[] candidates = [.. Candidates(value)];
        if (candidates.Length == 0)
            throw new InvalidDataException(Refusal(value));
        (string? chosenKey, CheckpointDictionary chosen) = candidates[0];
        var remarks = new List<string>();
        if (candidates.Length > 1)
            remarks.Add($"it holds several sets of weights; '{chosenKey}' is used, {string.Join(", ", candidates.Skip(1).Select(other => $"'{other.Key}'"))} is not");

        var names = new StateDictNames(chosen.Where(entry => entry.Value is CheckpointTensor).Select(entry => entry.Key).OfType<CheckpointText>().Select(key => key.Text), remarks);
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var others = new List<string>();
        foreach ((CheckpointValue key, CheckpointValue item) in chosen)
        {
            if (key is not CheckpointText { Text: var written } || item is not CheckpointTensor { Tensor: var tensor })
            {
                others.Add($"{ForeignText.Printable(key.ToString()!, 40)}, {Article(item.KindName)}");
                continue;
            }
            if (written.Length > NameLength || !ForeignText.IsPrintable(written))
                throw new InvalidDataException($"its state dict has a tensor called '{ForeignText.Printable(written, 40)}', and no parameter has such a name");
            if (names.Find(written, tensor) is { } name && !weights.TryAdd(name, tensor))
                throw new InvalidDataException($"its state dict has two entries that are both '{name}' without their prefixes");
        }
        if (others.Count > 0)
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{others.Count} of its state dict's entries {(others.Count == 1 ? "is no tensor and is" : "are no tensors and are")} left out ({string.Join("; ", others.Take(3))})"));
        if (weights.Count == 0)
            throw new InvalidDataException("its state dict is empty");
        names.Summarise(weights.Count, chosen.Count);
        return new StateDictSelection(chosenKey, names.WithClassifier(weights).AsReadOnly(), remarks);
    }

    // The known keys in their order; without any the file is a state dict itself, or has one under a key of its own.
    private static IEnumerable<(string? Key, CheckpointDictionary Dictionary)> Candidates(CheckpointValue value)
    {
        if (value is CheckpointDictionary root)
        {
            var known = Keys.Where(key => root[key] is CheckpointDictionary inner && HoldsTensors(inner)).Select(key => ((string?)key, (CheckpointDictionary)root[key]!)).ToArray();
            if (known.Length > 0)
                return known;
            if (HoldsTensors(root) || root.Count == 0)
                return [(null, root)];
            return root.Where(entry => entry.Key is CheckpointText && entry.Value is CheckpointDictionary inner && HoldsTensors(inner))
                .Select(entry => ((string?)((CheckpointText)entry.Key).Text, (CheckpointDictionary)entry.Value)) is var found && found.Count() == 1 ? found : [];
        }
        // (model.state_dict(), {"epoch": 3}), as some save it.
        IReadOnlyList<CheckpointValue> items = value switch { CheckpointTuple tuple => tuple.Items, CheckpointList list => list.Items, _ => [] };
        CheckpointDictionary[] inside = [.. items.OfType<CheckpointDictionary>().Where(HoldsTensors)];
        return inside.Length == 1 ? [(string.Create(CultureInfo.InvariantCulture, $"[{items.ToList().IndexOf(inside[0])}]"), inside[0])] : [];
    }

    // An optimizer's state is dictionaries of tensors under numbers: texts alone name weights, and most of a state dict's entries are some.
    private static bool HoldsTensors(CheckpointDictionary dictionary) =>
        dictionary.Count(entry => entry is { Key: CheckpointText, Value: CheckpointTensor }) is var count && count > 0 && count * 2 > dictionary.Count;

    private static string Refusal(CheckpointValue value)
    {
        if (value is not CheckpointDictionary root)
            return $"it holds {Article(value.KindName)}, not a state dict or a dictionary with one";
        (CheckpointValue key, CheckpointValue item) = root.FirstOrDefault(entry => entry is not { Key: CheckpointText, Value: CheckpointTensor });
        return $"it is neither a state dict (its entry {ForeignText.Printable(key.ToString()!, 40)} is {Article(item.KindName)}) nor has it one under "
            + $"{string.Join(", ", Keys.Select(k => $"'{k}'"))}, or under one key alone";
    }

    private static string Article(string kind) => kind is "None" or "bytes" or "text" ? kind : kind[0] is 'i' or 'o' ? $"an {kind}" : $"a {kind}";
}
