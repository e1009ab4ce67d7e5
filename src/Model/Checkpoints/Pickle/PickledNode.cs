using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Pickle;

// What the interpreter works on. Scalars are boxed (null, bool, long, double, string); tuples are object?[].

internal sealed class PickledList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A value that is shown and used for nothing: what Python would make of it is not made.</summary>
/// <param name="Kind">What it is, in a word or two.</param>
/// <param name="Text">How it is shown.</param>
internal sealed record PickledOther(string Kind, string Text);

/// <summary>Bytes, which numpy's scalars and arrays are made of.</summary>
internal sealed class PickledBytes(byte[] content)
{
    public byte[] Content => content;
}

/// <summary>An object of a class that is only named: it takes whatever is put into it, and keeps nothing.</summary>
internal sealed class PickledInert(string name)
{
    public string Name => name;
}

/// <summary>numpy's element type: <c>f8</c>, and whether its bytes are turned around.</summary>
internal sealed class PickledNumpyType(string code)
{
    public string Code => code;

    public bool IsBigEndian { get; set; }
}

internal sealed class PickledDictionary(bool isOrdered)
{
    public bool IsOrdered => isOrdered;

    /// <summary>Whether it stands for an argparse.Namespace, whose attributes are its entries.</summary>
    public bool IsNamespace { get; init; }

    public OrderedDictionary<object, object?> Entries { get; } = new(PickledKeys.Comparer);

    /// <summary>What BUILD set on an OrderedDict.</summary>
    public PickledDictionary? Attributes { get; set; }
}

/// <summary>Compares keys with hashes that a file cannot foresee: integers' own hashes collide at will, and a dictionary of them would take hours to fill.</summary>
internal sealed class PickledKeys : IEqualityComparer<object>
{
    public static PickledKeys Comparer { get; } = new();

    public new bool Equals(object? x, object? y) => object.Equals(x, y);

    public int GetHashCode(object key) => key is long integer ? CheckpointInteger.HashOf(integer) : key.GetHashCode();

    /// <summary>What a value is as a key: texts and integers themselves, any other by the text that Python would show; null where no key is made of it.</summary>
    public static object? Of(object? value) => value is string or long ? value : PickledText.Of(value) is { } text ? new PickledOther("key", text) : null;
}

/// <summary>A storage, or a window into one (legacy files), that tensors of the pickle look into.</summary>
/// <param name="Key">Names the storage's data in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="RootCount">Elements of the data in the file.</param>
/// <param name="Offset">First element of the window.</param>
/// <param name="Count">Elements of the window.</param>
internal sealed record PickledStorage(string Key, ScalarType Type, long RootCount, long Offset, long Count);

/// <summary>A tensor whose offset and strides were checked to stay inside its storage.</summary>
/// <param name="Storage">Where the elements are.</param>
/// <param name="Offset">First element, counted from the storage's root.</param>
/// <param name="Sizes">Shape.</param>
/// <param name="Strides">In elements.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Sizes, long[] Strides);
