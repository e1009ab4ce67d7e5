using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>What a format's reader found: the pickle's value, its tensors, and how to read a storage's data.</summary>
internal sealed record CheckpointContent(object? Root, PickledTensors Tensors, Func<PickledStorage, Tensor> ReadStorage)
{
    /// <summary>The order in which storages must be read.</summary>
    public IEnumerable<string> Order { get; init; } = Tensors.Roots.Keys;

    /// <summary>Reads all storages and builds the tree; the tensors belong to no dispose scope.</summary>
    public (CheckpointValue Value, IReadOnlyList<Tensor> Tensors) Build()
    {
        // On any fault the scope frees what was read so far; the storages' own handles go in any case, the tensors keep their memory.
        using var scope = NewDisposeScope();
        var storages = Order.ToDictionary(key => key, key => ReadStorage(Tensors.Roots[key]), StringComparer.Ordinal);
        var builder = new TreeBuilder(storages);
        CheckpointValue value = builder.Build(Root);
        Tensor[] tensors = [.. builder.Tensors];
        foreach (Tensor tensor in tensors)
            tensor.DetachFromDisposeScope();
        return (value, tensors);
    }
}
