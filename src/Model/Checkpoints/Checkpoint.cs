using System.Collections.ObjectModel;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>A checkpoint in memory. It owns every tensor of its tree: dispose it when they are no longer needed.</summary>
public sealed class Checkpoint : IDisposable
{
    private readonly IReadOnlyList<Tensor> _tensors;

    private Checkpoint(string name, CheckpointValue value, IReadOnlyList<Tensor> tensors)
    {
        _tensors = tensors;
        Name = name;
        Value = value;
        var root = value as CheckpointDictionary;
        StateDict = StateDictSelection.Select(value);
        Epoch = root?["epoch"]?.AsInteger();
        Perf = (root?["perf"] ?? root?["best_perf"])?.AsNumber();
        ModelName = root?["model"]?.AsText();
        Optimizer = root?["optimizer"];
        Extra = (root?[ModelCard.Key] ?? root?.Attributes?[ModelCard.Key]) as CheckpointDictionary;
        Card = ModelCard.FromValue(Extra);
    }

    /// <summary>The file or blob it was read from, for messages.</summary>
    public string Name { get; }

    /// <summary>All of the file, as plain values.</summary>
    public CheckpointValue Value { get; }

    /// <summary>The weights by parameter name, without the prefixes of wrappers (<c>module.</c>, <c>_orig_mod.</c>); of the moving average where there is one.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict { get; }

    /// <summary>The epoch to go on with, from 0; null in a bare state dict.</summary>
    public long? Epoch { get; }

    /// <summary>The best validation result so far, in per cent of top-1 in the original's files.</summary>
    public double? Perf { get; }

    /// <summary>The original's name of the model ("cls_hrnet"); null where the file does not say.</summary>
    public string? ModelName { get; }

    /// <summary>The optimizer's state dict; <see cref="SgdState.From"/> reads SGD's.</summary>
    public CheckpointValue? Optimizer { get; }

    /// <summary>Variant, image size and labels; null in files of others.</summary>
    public ModelCard? Card { get; }

    /// <summary>All that this project added: the card, and "resume" with what a training run goes on from.</summary>
    public CheckpointDictionary? Extra { get; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors)
            tensor.Dispose();
    }

    internal static Checkpoint Create(string name, CheckpointValue value, IReadOnlyList<Tensor> tensors)
    {
        try
        {
            return new Checkpoint(name, value, tensors);
        }
        catch
        {
            foreach (Tensor tensor in tensors)
                tensor.Dispose();
            throw;
        }
    }
}

/// <summary>Which dictionary of a checkpoint holds the weights.</summary>
internal static class StateDictSelection
{
    private static readonly string[] Keys = ["state_dict_ema", "model_ema", "state_dict", "model"];
    private static readonly string[] Prefixes = ["module.", "_orig_mod."];

    public static ReadOnlyDictionary<string, Tensor> Select(CheckpointValue value)
    {
        if (value is not CheckpointDictionary root)
            throw new InvalidDataException($"it holds a {value.KindName}, not a state dict or a dictionary with one");
        CheckpointDictionary chosen = Keys.Select(key => root[key]).OfType<CheckpointDictionary>().FirstOrDefault() ?? root;
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((CheckpointValue key, CheckpointValue item) in chosen)
        {
            if (key is not CheckpointText { Text: var name } || item is not CheckpointTensor { Tensor: var tensor })
                throw new InvalidDataException(chosen == root
                    ? $"it is neither a state dict (its entry {key} is a {item.KindName}) nor has it one under {string.Join(", ", Keys.Select(k => $"'{k}'"))}"
                    : $"its state dict's entry {key} is a {item.KindName}, not a tensor");
            if (!weights.TryAdd(WithoutPrefixes(name), tensor))
                throw new InvalidDataException($"its state dict has two entries that are both '{WithoutPrefixes(name)}' without their prefixes");
        }
        return weights.Count > 0 ? weights.AsReadOnly() : throw new InvalidDataException("its state dict is empty");
    }

    private static string WithoutPrefixes(string name)
    {
        while (Prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix)
            name = name[prefix.Length..];
        return name;
    }
}
