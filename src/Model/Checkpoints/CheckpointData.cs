using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>All of a file. Whoever gets it owns the tensors.</summary>
/// <param name="Format">How the file is built.</param>
/// <param name="Value">Its values.</param>
/// <param name="Tensors">Every tensor of <paramref name="Value"/>, each once.</param>
/// <param name="Remarks">What was odd or converted.</param>
/// <param name="Metadata">Texts beside the tensors; of safetensors.</param>
internal sealed record CheckpointData(
    CheckpointFormat Format, CheckpointValue Value, IReadOnlyList<Tensor> Tensors, IReadOnlyList<string> Remarks, IReadOnlyDictionary<string, string> Metadata);
