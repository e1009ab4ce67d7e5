using HrNetBatch.Model.Checkpoints;
using static TorchSharp.torch;

namespace HrNetBatch.Cli.Inspecting;

/// <summary>The tensors of a state dict, counted.</summary>
internal sealed record WeightFacts
{
    private const int NamedCount = 3;

    /// <summary>The key that they stand under in the file; null where the file is a bare state dict.</summary>
    public string? Key { get; init; }

    public required int TensorCount { get; init; }

    /// <summary>Numbers in all tensors, buffers included.</summary>
    public required long ElementCount { get; init; }

    /// <summary>How many tensors there are of each element type.</summary>
    public required IReadOnlyDictionary<string, int> Types { get; init; }

    /// <summary>Names of tensors with infinities or no numbers in them.</summary>
    public required IReadOnlyList<string> NonFinite { get; init; }

    /// <summary>All tensors; null unless asked for.</summary>
    public IReadOnlyList<TensorFacts>? Tensors { get; init; }

    public static WeightFacts Of(Checkpoint checkpoint, bool withTensors) => new()
    {
        Key = checkpoint.StateDictKey,
        TensorCount = checkpoint.StateDict.Count,
        ElementCount = checkpoint.StateDict.Values.Sum(tensor => tensor.numel()),
        Types = checkpoint.StateDict.Values.CountBy(tensor => $"{tensor.dtype}").ToDictionary(),
        NonFinite = [.. checkpoint.StateDict.Where(pair => HasNonFinite(pair.Value)).Select(pair => pair.Key)],
        Tensors = withTensors ? [.. checkpoint.StateDict.Select(pair => TensorFacts.Of(pair.Key, pair.Value))] : null,
    };

    /// <summary>What is odd about them.</summary>
    public IEnumerable<string> Remarks()
    {
        if (NonFinite.Count > 0)
        {
            string more = NonFinite.Count > NamedCount ? ", …" : "";
            yield return $"{(NonFinite.Count == 1 ? "1 tensor holds" : $"{NonFinite.Count} tensors hold")} infinities or no numbers ({string.Join(", ", NonFinite.Take(NamedCount))}{more}): the training that made them diverged, or the file is damaged";
        }
    }

    private static bool HasNonFinite(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.is_floating_point() && !tensor.isfinite().all().item<bool>();
    }
}

/// <summary>One tensor.</summary>
internal sealed record TensorFacts(string Name, long[] Shape, string Type)
{
    public static TensorFacts Of(string name, Tensor tensor) => new(name, tensor.shape, $"{tensor.dtype}");
}
