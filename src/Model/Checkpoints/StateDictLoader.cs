using System.Globalization;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>What loading did beyond copying: nothing, for a checkpoint of the very same network.</summary>
/// <param name="Copied">Number of parameters and buffers copied from the checkpoint.</param>
/// <param name="ZeroFilled">Names that SSLD conversions lack and that were set to zero.</param>
/// <param name="Reinitialized">Names of the classifier that kept the network's fresh values, because the class counts differ.</param>
public sealed record LoadReport(int Copied, IReadOnlyList<string> ZeroFilled, IReadOnlyList<string> Reinitialized);

/// <summary>Copies a state dict into a network of the same names and shapes, or says in full how they differ.</summary>
public static partial class StateDictLoader
{
    private const int ListedCount = 5;

    /// <summary>Copies weights and buffers by name; nothing is changed unless all of them fit.</summary>
    /// <param name="network">The network to fill, on any device.</param>
    /// <param name="stateDict">Weights by name, for example <see cref="Checkpoint.StateDict"/>; they stay their owner's.</param>
    /// <param name="keepNewClassifier">Whether a classifier of another class count is left as the network initialised it, for training on other classes.</param>
    /// <exception cref="CheckpointException">Names or shapes differ; the message counts and lists them.</exception>
    public static LoadReport Load(nn.Module network, IReadOnlyDictionary<string, Tensor> stateDict, bool keepNewClassifier = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(stateDict);
        Dictionary<string, Tensor> targets = network.state_dict();
        string[] reinitialized = keepNewClassifier ? [.. targets.Keys.Where(name => IsOtherClassifier(name, targets, stateDict))] : [];
        string[] zeroFilled = [.. targets.Keys.Where(name => !stateDict.ContainsKey(name) && MayBeAbsent().IsMatch(name))];
        string[] missing = [.. targets.Keys.Where(name => !stateDict.ContainsKey(name)).Except(zeroFilled).Except(reinitialized)];
        string[] unexpected = [.. stateDict.Keys.Where(name => !targets.ContainsKey(name))];
        string[] reshaped = [.. targets.Where(pair => stateDict.TryGetValue(pair.Key, out Tensor? weight) && !weight.shape.SequenceEqual(pair.Value.shape))
            .Where(pair => !reinitialized.Contains(pair.Key))
            .Select(pair => $"{pair.Key} (network {Shape(pair.Value)}, file {Shape(stateDict[pair.Key])})")];
        if (missing.Length + unexpected.Length + reshaped.Length > 0)
            throw new CheckpointException(Difference(targets.Count, missing, unexpected, reshaped, IsOtherClassifier("classifier.weight", targets, stateDict)));

        // Of the in-place operations some return the tensor itself and some another handle of it: the scope frees only the latter.
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        int copied = 0;
        foreach ((string name, Tensor target) in targets)
        {
            if (zeroFilled.Contains(name))
                target.zero_();
            else if (!reinitialized.Contains(name))
            {
                target.copy_(stateDict[name]);
                copied++;
            }
        }
        return new LoadReport(copied, zeroFilled, reinitialized);
    }

    private static bool IsOtherClassifier(string name, Dictionary<string, Tensor> targets, IReadOnlyDictionary<string, Tensor> stateDict) =>
        name.StartsWith("classifier.", StringComparison.Ordinal) && targets.TryGetValue(name, out Tensor? target) && stateDict.TryGetValue(name, out Tensor? weight)
        && target.shape.Length == weight.shape.Length && target.shape[0] != weight.shape[0] && target.shape.AsSpan(1).SequenceEqual(weight.shape.AsSpan(1));

    private static string Difference(int targetCount, string[] missing, string[] unexpected, string[] reshaped, bool otherClasses)
    {
        string advice = otherClasses
            ? "The classifier has another number of classes: ask for a new classifier to train on other classes, or choose the number of the file."
            : "Choose the variant that the weights were made for.";
        return string.Create(CultureInfo.InvariantCulture, $"The weights do not fit the network of {targetCount} tensors: ")
            + $"{List("missing", missing)}; {List("unexpected", unexpected)}; {List("of another shape", reshaped)}. {advice}";
    }

    private static string List(string what, string[] names)
    {
        string count = names.Length.ToString(CultureInfo.InvariantCulture);
        string more = names.Length > ListedCount ? ", …" : "";
        return names.Length == 0 ? $"none {what}" : $"{count} {what} ({string.Join(", ", names.Take(ListedCount))}{more})";
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";

    // Conversions of PaddleClas' SSLD weights lack the head's convolution biases; torch before 0.4.1 had no batch counters.
    [GeneratedRegex(@"^(downsamp_modules\.\d+\.0\.bias|final_layer\.0\.bias|.*\.num_batches_tracked|num_batches_tracked)$")]
    private static partial Regex MayBeAbsent();
}
