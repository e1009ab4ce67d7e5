using static TorchSharp.torch;

namespace HrNetBatch.Model.Architecture;

/// <summary>What a network expects of one of its tensors.</summary>
/// <param name="Sizes">Its shape.</param>
/// <param name="Type">Its element type.</param>
internal sealed record TensorShape(long[] Sizes, ScalarType Type)
{
    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Sizes)}]";
}
