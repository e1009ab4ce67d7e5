using System.Globalization;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>From the names that wrappers, counters and other heads gave a state dict's tensors to the network's own.</summary>
internal sealed partial class StateDictNames(List<string> remarks)
{
    private const string AverageCounter = "n_averaged";

    // Of DataParallel, torch.compile, Lightning's and people's own modules around the network. None begins a name of HRNet.
    private static readonly string[] Prefixes = ["module.", "_orig_mod.", "model.", "backbone.", "net.", "network.", "encoder."];

    private readonly OrderedDictionary<string, int> _strippedCounts = [];
    private readonly List<string> _counters = [];

    /// <summary>The name without prefixes; null where the tensor is no weight and is left out.</summary>
    public string? Find(string written, Tensor tensor)
    {
        string name = written;
        var stripped = new List<string>();
        while (Prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix)
        {
            name = name[prefix.Length..];
            stripped.Add(prefix);
        }
        if (name == AverageCounter && tensor.numel() == 1)
        {
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"it is an average of {new CheckpointTensor(tensor).ToDouble():0} states (AveragedModel); its counter '{AverageCounter}' is left out"));
            return null;
        }
        if (NoWeight().IsMatch(name))
        {
            _counters.Add(name);
            return null;
        }
        foreach (string prefix in stripped)
            _strippedCounts[prefix] = _strippedCounts.GetValueOrDefault(prefix) + 1;
        return name;
    }

    /// <summary>Says what was stripped and left out, of so many weights and entries.</summary>
    public void Summarise(int weightCount, int entryCount)
    {
        foreach ((string prefix, int count) in _strippedCounts)
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"the prefix '{prefix}' was left out of {(count >= weightCount ? "all" : $"{count} of {entryCount}")} names"));
        if (_counters.Count > 0)
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_counters.Count} tensor{(_counters.Count == 1 ? " is" : "s are")} no weights and left out ({string.Join(", ", _counters.Take(3))}{(_counters.Count > 3 ? ", …" : "")}): counters of operations, or parts of a loss"));
    }

    /// <summary>The weights, their last layer called as the original calls it where it has one of the usual other names.</summary>
    public Dictionary<string, Tensor> WithClassifier(Dictionary<string, Tensor> weights)
    {
        string[] heads = weights.ContainsKey("classifier.weight") ? []
            : [.. weights.Where(pair => OtherClassifier().IsMatch(pair.Key) && pair.Value.dim() == 2).Select(pair => pair.Key[..^".weight".Length])];
        if (heads is not [var head])
            return weights;
        remarks.Add($"its '{head}' is taken as 'classifier'");
        return weights.ToDictionary(
            pair => pair.Key == $"{head}.weight" || pair.Key == $"{head}.bias" ? string.Concat("classifier", pair.Key.AsSpan(head.Length)) : pair.Key,
            pair => pair.Value, StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^(fc|head|head\.fc|cls_head\.fc|linear|classifier\.\d{1,2}|fc\.\d{1,2}|head\.\d{1,2})\.weight$")]
    private static partial Regex OtherClassifier();

    // thop counts operations in buffers of its own; a loss inside a Lightning module keeps its class weights.
    [GeneratedRegex(@"(^|\.)(total_ops|total_params)$|^(criterion|loss|loss_fn|loss_function)\.")]
    private static partial Regex NoWeight();
}
