using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>What a name in a pickle stands for.</summary>
internal enum GlobalKind
{
    OrderedDict,
    Counter,
    Namespace,
    Size,
    Device,
    RebuildTensor,
    RebuildParameter,
    StorageType,
}

/// <summary>A name of the allow-list; storage types carry their element type.</summary>
internal sealed record PickledGlobal(GlobalKind Kind, ScalarType ElementType = default);

/// <summary>The names a checkpoint may use. No name leads to code that the file could choose: each stands for one small rebuild of ours.</summary>
internal static class PickleGlobals
{
    private static readonly Dictionary<string, PickledGlobal> Allowed = new(StringComparer.Ordinal)
    {
        ["collections.OrderedDict"] = new(GlobalKind.OrderedDict),
        ["collections.Counter"] = new(GlobalKind.Counter),   // of learning rate schedules
        ["argparse.Namespace"] = new(GlobalKind.Namespace),  // the command line, which timm keeps beside the weights
        ["torch.Size"] = new(GlobalKind.Size),
        ["torch.device"] = new(GlobalKind.Device),
        ["torch._utils._rebuild_tensor_v2"] = new(GlobalKind.RebuildTensor),
        ["torch._utils._rebuild_parameter"] = new(GlobalKind.RebuildParameter),
        ["torch.DoubleStorage"] = new(GlobalKind.StorageType, ScalarType.Float64),
        ["torch.FloatStorage"] = new(GlobalKind.StorageType, ScalarType.Float32),
        ["torch.HalfStorage"] = new(GlobalKind.StorageType, ScalarType.Float16),
        ["torch.BFloat16Storage"] = new(GlobalKind.StorageType, ScalarType.BFloat16),
        ["torch.LongStorage"] = new(GlobalKind.StorageType, ScalarType.Int64),
        ["torch.IntStorage"] = new(GlobalKind.StorageType, ScalarType.Int32),
        ["torch.ShortStorage"] = new(GlobalKind.StorageType, ScalarType.Int16),
        ["torch.CharStorage"] = new(GlobalKind.StorageType, ScalarType.Int8),
        ["torch.ByteStorage"] = new(GlobalKind.StorageType, ScalarType.Byte),
        ["torch.BoolStorage"] = new(GlobalKind.StorageType, ScalarType.Bool),
    };

    /// <summary>Looks a name up, and refuses by name whatever is not on the list.</summary>
    public static PickledGlobal Find(string module, string name) =>
        Allowed.TryGetValue($"{module}.{name}", out PickledGlobal? global)
            ? global
            : throw new InvalidDataException(
                $"its pickle asks for '{module}.{name}', which this reader never runs. It reads tensors, dictionaries, lists, numbers and text only: "
                + "if you trust the file, load it in Python and save its state_dict() alone");

    /// <summary>The torch name of a storage of <paramref name="type"/>, for writing.</summary>
    public static string StorageName(ScalarType type) =>
        Allowed.FirstOrDefault(pair => pair.Value.Kind == GlobalKind.StorageType && pair.Value.ElementType == type).Key?["torch.".Length..]
        ?? throw new InvalidDataException($"tensors of type {type} cannot be written to a checkpoint");

    /// <summary>Bytes of one element of <paramref name="type"/>.</summary>
    public static int ElementBytes(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        _ => 1,
    };
}
