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
    RebuildSubclass,
    StorageType,
    List,
    Set,
    Dictionary,
    Bytes,
    Complex,
    Path,
    DefaultDictionary,
    NumpyScalar,
    NumpyType,
    NumpyArray,

    /// <summary>A class or function that is never run: whatever is made of it is only named.</summary>
    Inert,
}

/// <summary>A name of the allow-list; storage types carry their element type.</summary>
internal sealed record PickledGlobal(GlobalKind Kind, ScalarType ElementType = default)
{
    /// <summary>As the file writes it, for values that are only named.</summary>
    public string Name { get; init; } = "";
}

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

        // What people keep beside the weights. Numbers, texts, lists and dictionaries become such; the rest is only named.
        ["torch._utils._rebuild_parameter_with_state"] = new(GlobalKind.RebuildParameter),
        ["torch._tensor._rebuild_from_type_v2"] = new(GlobalKind.RebuildSubclass), // a tensor that somebody hung attributes on
        ["collections.defaultdict"] = new(GlobalKind.DefaultDictionary),
        ["collections.deque"] = new(GlobalKind.List),
        ["builtins.list"] = new(GlobalKind.List),
        ["builtins.set"] = new(GlobalKind.Set),
        ["builtins.frozenset"] = new(GlobalKind.Set),
        ["builtins.dict"] = new(GlobalKind.Dictionary),
        ["builtins.bytes"] = new(GlobalKind.Bytes),
        ["builtins.bytearray"] = new(GlobalKind.Bytes),
        ["_codecs.encode"] = new(GlobalKind.Bytes), // bytes, in protocol 2: of a text in Latin-1
        ["builtins.complex"] = new(GlobalKind.Complex),
        ["pathlib.PosixPath"] = new(GlobalKind.Path),
        ["pathlib.PurePosixPath"] = new(GlobalKind.Path),
        ["pathlib.WindowsPath"] = new(GlobalKind.Path),
        ["pathlib.PureWindowsPath"] = new(GlobalKind.Path),
        ["numpy.core.multiarray.scalar"] = new(GlobalKind.NumpyScalar),
        ["numpy.core.multiarray._reconstruct"] = new(GlobalKind.NumpyArray),
        ["numpy.dtype"] = new(GlobalKind.NumpyType),
        ["numpy.ndarray"] = new(GlobalKind.Inert),
    };

    private static readonly HashSet<string> InertNames = new(StringComparer.Ordinal)
    {
        "builtins.int", "builtins.float", "builtins.bool", "builtins.str", "builtins.tuple", "builtins.object", "builtins.slice", "builtins.range",
        "builtins.xrange", "builtins.unicode", "builtins.long", // as protocol 2 calls range, str and int
        "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
        "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "types.SimpleNamespace",
        "numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor", "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64",
        "numpy.bool_", "numpy.int8", "numpy.int16", "numpy.int32", "numpy.int64", "numpy.uint8", "numpy.uint16", "numpy.uint32", "numpy.uint64",
        "numpy.float16", "numpy.float32", "numpy.float64",
        "torch.Tensor", "torch.nn.parameter.Parameter", "torch.float64", "torch.float32", "torch.float16", "torch.bfloat16", "torch.int64", "torch.int32", "torch.int16", "torch.int8", "torch.uint8",
        "torch.bool", "torch.complex64", "torch.complex128",
        "torch.optim.lr_scheduler.StepLR", "torch.optim.lr_scheduler.MultiStepLR", "torch.optim.lr_scheduler.CosineAnnealingLR",
        "torch.nn.modules.loss.CrossEntropyLoss", "torch.nn.functional.relu",
        "yacs.config.CfgNode", "fvcore.common.config.CfgNode", "easydict.EasyDict", "addict.addict.Dict", "mmcv.utils.config.ConfigDict",
        "mmengine.config.config.ConfigDict", "mmengine.logging.history_buffer.HistoryBuffer",
        "pytorch_lightning.utilities.parsing.AttributeDict", "lightning.pytorch.utilities.parsing.AttributeDict",
        "lightning_fabric.utilities.data.AttributeDict", "lightning.fabric.utilities.data.AttributeDict",
        "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint", "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    };

    /// <summary>Looks a name up, and refuses by name whatever is not on the list.</summary>
    public static PickledGlobal Find(string module, string name)
    {
        string full = $"{Today(module)}.{name}";
        if (Allowed.TryGetValue(full, out PickledGlobal? global))
            return global.Kind == GlobalKind.StorageType ? global : global with { Name = full };
        if (InertNames.Contains(full))
            return new PickledGlobal(GlobalKind.Inert) { Name = full };
        throw new InvalidDataException(
            $"its pickle asks for '{module}.{name}', which this reader never runs. It reads tensors, dictionaries, lists, numbers and text, and leaves out "
            + "a few harmless classes: if you trust the file, load it in Python and save its state_dict() alone");
    }

    // Modules that other versions of Python and of their packages call otherwise.
    private static string Today(string module) => module switch
    {
        "__builtin__" => "builtins",
        "numpy._core.multiarray" => "numpy.core.multiarray",
        "pathlib._local" => "pathlib",
        _ => module,
    };

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
