namespace HrNetBatch.Model.Inference;

/// <summary>What a <see cref="Classifier"/> computes with.</summary>
public enum InferenceEngine
{
    /// <summary>The faster one for the machine and the weights: <see cref="InferenceNetworks.Create"/> says which that is.</summary>
    Auto,

    /// <summary>libtorch, with oneDNN's or cuDNN's convolutions.</summary>
    Torch,

    /// <summary>Winograd's convolutions in C#; on a CPU with 256-bit vectors and fused multiply-add.</summary>
    Winograd,
}
