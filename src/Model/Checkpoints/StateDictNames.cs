using System.Globalization;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>From the names that wrappers, counters and other heads gave a state dict's tensors to the network's own.</summary>
internal sealed partial class StateDictNames
{
    private const string AverageCounter = "n_averaged";

    // Of DataParallel and torch.compile, whatever the network; and of Lightning's and people's own modules around an HRNet, which other
    // networks have for parts of their own. None begins a name of HRNet.
    private static readonly string[] Wrappers = ["module.", "_orig_mod."];
    private static readonly string[] Prefixes = [.. Wrappers, "model.", "backbone.", "net.", "network.", "encoder."];

    // Every HRNet has them, whatever its head.
    private static readonly string[] Trunk =
    [
        "conv1.weight", "conv2.weight", "layer1.0.conv1.weight", "stage2.0.branches.1.0.conv1.weight", "stage3.0.branches.2.0.conv1.weight",
        "stage4.0.branches.3.0.conv1.weight",
    ];

    private readonly List<string> _remarks;
    private readonly HashSet<string> _around;
    private readonly OrderedDictionary<string, int> _strippedCounts = [];
    private readonly List<string> _counters = [];

    /// <param name="written">The names of all tensors, as the file has them.</param>
    /// <param name="remarks">What is said of them goes there.</param>
    public StateDictNames(IEnumerable<string> written, List<string> remarks)
    {
        _remarks = remarks;
        // Of each prefix and row of prefixes: which of the trunk's weights lie under it.
        var under = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (string name in written)
        {
            string[] prefixes = [.. PrefixesOf(name)];
            string bare = name[prefixes.Sum(prefix => prefix.Length)..];
            if (!Trunk.Contains(bare, StringComparer.Ordinal))
                continue;
            for (int count = 1; count <= prefixes.Length; count++)
            {
                string row = string.Concat(prefixes[..count]);
                if (!under.TryGetValue(row, out HashSet<string>? found))
                    under[row] = found = [];
                found.Add(bare);
            }
        }
        _around = [.. under.Where(row => row.Value.Count == Trunk.Length).Select(row => row.Key)];
    }

    /// <summary>The name without prefixes; null where the tensor is no weight and is left out.</summary>
    public string? Find(string written, Tensor tensor)
    {
        string row = "";
        var stripped = new List<string>();
        foreach (string prefix in PrefixesOf(written))
        {
            row += prefix;
            if (!_around.Contains(row) && !stripped.Append(prefix).All(Wrappers.Contains))
                break;
            stripped.Add(prefix);
        }
        string name = written[stripped.Sum(prefix => prefix.Length)..];
        if (name == AverageCounter && tensor.numel() == 1)
        {
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"it is an average of {new CheckpointTensor(tensor).ToDouble():0} states (AveragedModel); its counter '{AverageCounter}' is left out"));
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
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"the prefix '{prefix}' was left out of {(count >= weightCount ? "all" : $"{count} of {entryCount}")} names"));
        if (_counters.Count > 0)
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_counters.Count} tensor{(_counters.Count == 1 ? " is" : "s are")} no weights and left out ({string.Join(", ", _counters.Take(3))}{(_counters.Count > 3 ? ", …" : "")}): counters of operations, or parts of a loss"));
    }

    /// <summary>The weights, their last layer called as the original calls it where it has one of the usual other names.</summary>
    public Dictionary<string, Tensor> WithClassifier(Dictionary<string, Tensor> weights)
    {
        string[] heads = weights.ContainsKey("classifier.weight") ? []
            : [.. weights.Where(pair => OtherClassifier().IsMatch(pair.Key) && pair.Value.dim() == 2).Select(pair => pair.Key[..^".weight".Length])];
        if (heads is not [var head])
            return weights;
        _remarks.Add($"its '{head}' is taken as 'classifier'");
        return weights.ToDictionary(
            pair => pair.Key == $"{head}.weight" || pair.Key == $"{head}.bias" ? string.Concat("classifier", pair.Key.AsSpan(head.Length)) : pair.Key,
            pair => pair.Value, StringComparer.Ordinal);
    }

    private static IEnumerable<string> PrefixesOf(string name)
    {
        int start = 0;
        while (Prefixes.FirstOrDefault(prefix => string.CompareOrdinal(name, start, prefix, 0, prefix.Length) == 0) is { } prefix)
        {
            start += prefix.Length;
            yield return prefix;
        }
    }

    [GeneratedRegex(@"^(fc|head|head\.fc|cls_head\.fc|linear|classifier\.\d{1,2}|fc\.\d{1,2}|head\.\d{1,2})\.weight$")]
    private static partial Regex OtherClassifier();

    // thop counts operations in buffers of its own; a loss inside a Lightning module keeps its class weights.
    [GeneratedRegex(@"(^|\.)(total_ops|total_params)$|^(criterion|loss|loss_fn|loss_function)\.")]
    private static partial Regex NoWeight();
}
