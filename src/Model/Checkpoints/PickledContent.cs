using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>What torch.save wrote: the pickle's value, its tensors, and how to read a storage's data.</summary>
internal sealed record PickledContent(CheckpointFormat Format, object? Root, PickledTensors Pickled, Func<PickledStorage, Tensor> ReadStorage)
{
    /// <summary>The order in which storages must be read.</summary>
    public IEnumerable<string> Order { get; init; } = Pickled.Roots.Keys;

    /// <summary>What was odd or converted; reading may add to it.</summary>
    public List<string> Remarks { get; init; } = [];

    /// <summary>Reads all data. The tensors belong to no dispose scope; on a fault none is left over.</summary>
    public CheckpointData Read()
    {
        // On any fault the scope frees what was read so far; the storages' own handles go in any case, the tensors keep their memory.
        using var scope = NewDisposeScope();
        var storages = Order.ToDictionary(key => key, key => ReadStorage(Pickled.Roots[key]), StringComparer.Ordinal);
        var builder = new TreeBuilder(storages);
        CheckpointValue value = builder.Build(Root);
        Tensor[] tensors = [.. builder.Tensors];
        foreach (Tensor tensor in tensors)
            tensor.DetachFromDisposeScope();
        return new CheckpointData(Format, value, tensors, Remarks, new Dictionary<string, string>());
    }
}
