using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>A checkpoint in memory. It owns every tensor of its tree: dispose it when they are no longer needed.</summary>
public sealed class Checkpoint : IDisposable
{
    private readonly IReadOnlyList<Tensor> _tensors;

    private Checkpoint(string name, CheckpointData data, string sha256, long bytes)
    {
        _tensors = data.Tensors;
        (Name, Format, Sha256, Bytes, Value, Metadata) = (name, data.Format, sha256, bytes, data.Value, data.Metadata);
        var root = data.Value as CheckpointDictionary;
        StateDictSelection selection = StateDictSelection.Select(data.Value);
        (StateDictKey, StateDict) = (selection.Key, selection.Weights);
        Remarks = [.. data.Remarks, .. selection.Remarks];
        Epoch = root?["epoch"]?.AsInteger();
        Perf = (root?["perf"] ?? root?["best_perf"])?.AsNumber();
        ModelName = root?["model"]?.AsText();
        Optimizer = root?["optimizer"];
        Extra = (root?[ModelCard.Key] ?? root?.Attributes?[ModelCard.Key]) as CheckpointDictionary;
        Card = ModelCard.FromValue(Extra);
    }

    /// <summary>The file or blob it was read from, for messages.</summary>
    public string Name { get; }

    /// <summary>How the file is built.</summary>
    public CheckpointFormat Format { get; }

    /// <summary>SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>The file's length.</summary>
    public long Bytes { get; }

    /// <summary>What was odd, converted, stripped or left out in reading, each in half a sentence for people; empty for a plain file.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>The <c>__metadata__</c> of a safetensors file; empty for the other formats.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All of the file, as plain values.</summary>
    public CheckpointValue Value { get; }

    /// <summary>The weights by parameter name, without the prefixes of wrappers (<c>module.</c>, <c>_orig_mod.</c>); of the moving average where there is one.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict { get; }

    /// <summary>The key of the dictionary that <see cref="StateDict"/> came from, such as "state_dict_ema"; null where the file is a bare state dict.</summary>
    public string? StateDictKey { get; }

    /// <summary>The epoch to go on with, from 0; null in a bare state dict.</summary>
    public long? Epoch { get; }

    /// <summary>The best validation result so far, in per cent of top-1 in the original's files.</summary>
    public double? Perf { get; }

    /// <summary>The original's name of the model ("cls_hrnet"); null where the file does not say.</summary>
    public string? ModelName { get; }

    /// <summary>The optimizer's state dict; <see cref="OptimizerState.From"/> reads it.</summary>
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

    internal static Checkpoint Create(string name, CheckpointData data, string sha256, long bytes)
    {
        try
        {
            return new Checkpoint(name, data, sha256, bytes);
        }
        catch
        {
            foreach (Tensor tensor in data.Tensors)
                tensor.Dispose();
            throw;
        }
    }
}
