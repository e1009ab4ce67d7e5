using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Safetensors;

/// <summary>A tensor as the header describes it; begin and end are counted from the end of the header.</summary>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, long[] Shape, long Begin, long End);
