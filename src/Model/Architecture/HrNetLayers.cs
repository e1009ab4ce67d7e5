namespace HrNetBatch.Model.Architecture;

/// <summary>What the layers of a network are called, without making the network.</summary>
public static class HrNetLayers
{
    /// <summary>The names of all parameters and buffers in the order of PyTorch; a layer is the beginning of one up to a dot.</summary>
    public static IReadOnlyList<string> TensorNames(HrNetArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return [.. HrNetTensors.Of(architecture, classCount: 1).Keys];
    }
}
