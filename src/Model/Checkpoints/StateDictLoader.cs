using System.Globalization;
using System.Text.RegularExpressions;
using HrNetBatch.Model.Architecture;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

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
        LoadReport report = Compare(targets.ToDictionary(pair => pair.Key, pair => new TensorShape(pair.Value.shape, pair.Value.dtype)), stateDict, keepNewClassifier);

        // Of the in-place operations some return the tensor itself and some another handle of it: the scope frees only the latter.
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor target) in targets)
        {
            if (report.ZeroFilled.Contains(name))
                target.zero_();
            else if (!report.Reinitialized.Contains(name))
                target.copy_(stateDict[name]);
        }
        return report;
    }

    /// <summary>Copies a checkpoint's weights and buffers; a refusal names the file.</summary>
    /// <inheritdoc cref="Load(nn.Module, IReadOnlyDictionary{string, Tensor}, bool)"/>
    public static LoadReport Load(nn.Module network, Checkpoint checkpoint, bool keepNewClassifier = false)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        try
        {
            return Load(network, checkpoint.StateDict, keepNewClassifier);
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"{checkpoint.Name}: {e.Message}", e);
        }
    }

    /// <summary>Says what loading into the network of this shape would do, and makes no network for it: its size is the file's word until then.</summary>
    /// <param name="shape">What <see cref="HrNetShape.Recognize"/> found.</param>
    /// <param name="stateDict">Weights by name.</param>
    /// <exception cref="CheckpointException">Names, shapes or element types do not fit; the message counts and lists them.</exception>
    public static LoadReport Check(HrNetShape shape, IReadOnlyDictionary<string, Tensor> stateDict)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(stateDict);
        return Compare(HrNetTensors.Of(shape.Architecture, shape.ClassCount), stateDict);
    }

    /// <summary>Says what loading would do, and changes nothing.</summary>
    /// <param name="targets">The network's tensors by name.</param>
    /// <param name="stateDict">Weights by name.</param>
    /// <param name="keepNewClassifier">As for loading.</param>
    /// <exception cref="CheckpointException">Names, shapes or element types do not fit; the message counts and lists them.</exception>
    internal static LoadReport Compare(IReadOnlyDictionary<string, TensorShape> targets, IReadOnlyDictionary<string, Tensor> stateDict, bool keepNewClassifier = false)
    {
        string[] reinitialized = keepNewClassifier ? [.. targets.Keys.Where(name => IsOtherClassifier(name, targets, stateDict))] : [];
        string[] zeroFilled = [.. targets.Keys.Where(name => !stateDict.ContainsKey(name) && MayBeAbsent().IsMatch(name))];
        string[] missing = [.. targets.Keys.Where(name => !stateDict.ContainsKey(name)).Except(zeroFilled).Except(reinitialized)];
        string[] unexpected = [.. stateDict.Keys.Where(name => !targets.ContainsKey(name))];
        string[] reshaped = [.. targets.Where(pair => stateDict.TryGetValue(pair.Key, out Tensor? weight) && !weight.shape.SequenceEqual(pair.Value.Sizes))
            .Where(pair => !reinitialized.Contains(pair.Key))
            .Select(pair => $"{pair.Key} (network {pair.Value}, file {Shape(stateDict[pair.Key])})")];
        string[] whole = [.. targets.Where(pair => pair.Value.Type == ScalarType.Float32 && stateDict.TryGetValue(pair.Key, out Tensor? weight) && !weight.is_floating_point())
            .Select(pair => $"{pair.Key} ({stateDict[pair.Key].dtype})")];
        if (missing.Length + unexpected.Length + reshaped.Length + whole.Length > 0)
            throw new CheckpointException(Difference(targets.Count, missing, unexpected, reshaped, whole, IsOtherClassifier("classifier.weight", targets, stateDict)));

        string[] copied = [.. targets.Keys.Except(zeroFilled).Except(reinitialized)];
        var converted = copied.Where(name => stateDict[name].is_floating_point() && stateDict[name].dtype != targets[name].Type)
            .CountBy(name => stateDict[name].dtype).ToDictionary();
        return new LoadReport(copied.Length, zeroFilled, reinitialized) { Converted = converted };
    }

    private static bool IsOtherClassifier(string name, IReadOnlyDictionary<string, TensorShape> targets, IReadOnlyDictionary<string, Tensor> stateDict) =>
        name.StartsWith("classifier.", StringComparison.Ordinal) && targets.TryGetValue(name, out TensorShape? target) && stateDict.TryGetValue(name, out Tensor? weight)
        && target.Sizes.Length == weight.shape.Length && target.Sizes[0] != weight.shape[0] && target.Sizes.AsSpan(1).SequenceEqual(weight.shape.AsSpan(1));

    private static string Difference(int targetCount, string[] missing, string[] unexpected, string[] reshaped, string[] whole, bool otherClasses)
    {
        string advice = whole.Length > 0
            ? "Quantised weights are not read: take the file that they were made from."
            : otherClasses
            ? "The classifier has another number of classes: ask for a new classifier to train on other classes, or choose the number of the file."
            : "Choose the variant that the weights were made for.";
        return string.Create(CultureInfo.InvariantCulture, $"The weights do not fit the network of {Counted.Of(targetCount, "tensor")}: ")
            + $"{List("missing", missing)}; {List("unexpected", unexpected)}; {List("of another shape", reshaped)}{(whole.Length > 0 ? "; " + List("of whole numbers", whole) : "")}. {advice}";
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
