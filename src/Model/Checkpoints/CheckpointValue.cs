using System.Globalization;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>A plain value of a checkpoint: nothing in such a tree can run code.</summary>
public abstract record CheckpointValue
{
    private protected CheckpointValue()
    {
    }

    /// <summary>What the value is, in a word for messages ("dictionary", "tensor", …).</summary>
    public abstract string KindName { get; }

    /// <summary>Wraps text.</summary>
    public static implicit operator CheckpointValue(string text) => new CheckpointText(text);

    /// <summary>Wraps an integer.</summary>
    public static implicit operator CheckpointValue(long value) => new CheckpointInteger(value);

    /// <summary>Wraps a float.</summary>
    public static implicit operator CheckpointValue(double value) => new CheckpointFloat(value);

    /// <summary>Wraps a truth value.</summary>
    public static implicit operator CheckpointValue(bool value) => new CheckpointBoolean(value);

    /// <summary>Wraps a tensor, which stays the property of whoever owned it.</summary>
    public static implicit operator CheckpointValue(Tensor tensor) => new CheckpointTensor(tensor);

    /// <summary>The value as an integer, or null where it is no whole number; a tensor of one element counts as its element.</summary>
    public long? AsInteger() => this switch
    {
        CheckpointInteger integer => integer.Value,
        CheckpointTensor tensor when tensor.IsScalar && !tensor.Tensor.is_floating_point() => (long)tensor.ToDouble(),
        _ => null,
    };

    /// <summary>The value as a number, or null where it is none; a tensor of one element (the original's <c>perf</c>) counts as its element.</summary>
    public double? AsNumber() => this switch
    {
        CheckpointInteger integer => integer.Value,
        CheckpointFloat number => number.Value,
        CheckpointTensor tensor when tensor.IsScalar => tensor.ToDouble(),
        _ => null,
    };

    /// <summary>The value as text, or null where it is none.</summary>
    public string? AsText() => (this as CheckpointText)?.Text;
}

/// <summary>Python's None.</summary>
public sealed record CheckpointNone : CheckpointValue
{
    private CheckpointNone()
    {
    }

    /// <summary>The only one.</summary>
    public static CheckpointNone Instance { get; } = new();

    /// <inheritdoc/>
    public override string KindName => "None";

    /// <inheritdoc/>
    public override string ToString() => "None";
}

/// <summary>A truth value.</summary>
public sealed record CheckpointBoolean(bool Value) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "boolean";

    /// <inheritdoc/>
    public override string ToString() => Value ? "True" : "False";
}

/// <summary>A whole number of at most 64 bits.</summary>
public sealed record CheckpointInteger(long Value) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "integer";

    /// <summary>Seeded anew in each process: the integer's own hash could be made to collide.</summary>
    public override int GetHashCode() => HashOf(Value);

    // Each half by itself: HashCode.Combine(long) would begin with the hash that is to be avoided.
    internal static int HashOf(long value) => HashCode.Combine((int)value, (int)(value >> 32));

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A float of 64 bits.</summary>
public sealed record CheckpointFloat(double Value) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "float";

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Text.</summary>
public sealed record CheckpointText(string Text) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "text";

    /// <inheritdoc/>
    public override string ToString() => $"'{Text}'";
}

/// <summary>A list; its items are compared by reference of the list, not one by one.</summary>
public sealed record CheckpointList(IReadOnlyList<CheckpointValue> Items) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "list";

    /// <inheritdoc/>
    public override string ToString() => $"list of {Items.Count}";
}

/// <summary>A tuple; torch.Size is read as one.</summary>
public sealed record CheckpointTuple(IReadOnlyList<CheckpointValue> Items) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "tuple";

    /// <inheritdoc/>
    public override string ToString() => $"tuple of {Items.Count}";
}

/// <summary>A tensor on the CPU; read from a file it belongs to the <see cref="Checkpoint"/>, built for writing it stays its maker's.</summary>
public sealed record CheckpointTensor(Tensor Tensor) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => "tensor";

    /// <inheritdoc/>
    public override string ToString() => $"tensor [{string.Join(", ", Tensor.shape)}] {Tensor.dtype}";

    internal bool IsScalar => Tensor.numel() == 1;

    internal double ToDouble()
    {
        using Tensor number = Tensor.to(ScalarType.Float64);
        return number.item<double>();
    }
}

/// <summary>
/// A value that is shown and used for nothing: an integer beyond 64 bits, bytes, an object of a class of Python's that this reader names
/// and never makes.
/// </summary>
public sealed record CheckpointOther(string Kind, string Text) : CheckpointValue
{
    /// <inheritdoc/>
    public override string KindName => Kind;

    /// <inheritdoc/>
    public override string ToString() => Text;
}
