using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Safetensors;

/// <summary>The format's names of element types.</summary>
internal static class SafetensorsTypes
{
    private static readonly (string Name, ScalarType Type)[] Known =
    [
        ("F64", ScalarType.Float64), ("F32", ScalarType.Float32), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16),
        ("I64", ScalarType.Int64), ("I32", ScalarType.Int32), ("I16", ScalarType.Int16), ("I8", ScalarType.Int8),
        ("U8", ScalarType.Byte), ("BOOL", ScalarType.Bool),
    ];

    /// <summary>The type of a name, or null where libtorch or a network of ours has no use for it (F8_E4M3, U16, …).</summary>
    public static ScalarType? Find(string name) => Known.FirstOrDefault(pair => pair.Name == name) is { Name: not null, Type: var type } ? type : null;

    /// <summary>The name of a type.</summary>
    public static string NameOf(ScalarType type) =>
        Known.FirstOrDefault(pair => pair.Type == type).Name ?? throw new InvalidDataException($"tensors of type {type} cannot be written to safetensors");
}
