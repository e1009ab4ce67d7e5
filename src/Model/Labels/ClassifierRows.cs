using HrNetBatch.Model.Architecture;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Labels;

/// <summary>The classifier's rows, one a class, in the order of other classes.</summary>
public static class ClassifierRows
{
    /// <summary>The names of the tensors that have a row a class.</summary>
    public static IReadOnlyList<string> Names { get; } = ["classifier.weight", "classifier.bias"];

    /// <summary>Puts the rows of a network into another order, in place.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">For each class, which row becomes its own; each occurs once.</param>
    public static void Reorder(HrNet network, IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Dictionary<string, Tensor> tensors = network.state_dict();
        foreach (string name in Names)
            tensors[name].copy_(Take(tensors[name], rows));
    }

    /// <summary>Some rows of a tensor, [rows, …]; the caller disposes them.</summary>
    public static Tensor Take(Tensor from, IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(from);
        using Tensor index = tensor(rows.Select(row => (long)row).ToArray(), device: from.device);
        return from.index_select(0, index);
    }
}
