using System.Buffers.Binary;
using System.Text;

namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>numpy's scalars as plain numbers; its arrays are only named. A layout that numpy does not write gives a name, never a fault: nothing depends on it.</summary>
internal static class PickledNumpy
{
    /// <summary>The number of <c>scalar(dtype, bytes)</c>.</summary>
    public static object? Scalar(object?[] arguments)
    {
        if (arguments is not [PickledNumpyType type, var given])
            return new PickledOther("numpy value", "a numpy value");
        if ((given as PickledBytes)?.Content is not { } raw)
            return given as string is { } text ? text : new PickledOther("numpy value", $"a numpy value of type {type.Code}");
        // No number is longer: of texts the bytes are taken below, and dates are only named.
        byte[] bytes = [.. raw.Take(8)];
        if (type.IsBigEndian)
            Array.Reverse(bytes);
        return (type.Code, raw.Length) switch
        {
            ("f8", 8) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            ("f4", 4) => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
            ("f2", 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            ("i8", 8) => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            ("i4", 4) => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
            ("i2", 2) => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
            ("i1", 1) => (long)(sbyte)bytes[0],
            ("u8", 8) => Unsigned(BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
            ("u4", 4) => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            ("u2", 2) => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            ("u1", 1) => (long)bytes[0],
            ("b1", 1) => bytes[0] != 0,
            _ when type.Code.StartsWith('S') => Encoding.Latin1.GetString(raw).TrimEnd('\0'),
            _ when type.Code.StartsWith('U') => Encoding.UTF32.GetString(raw).TrimEnd('\0'),
            _ => new PickledOther("numpy value", $"a numpy value of type {type.Code}"),
        };
    }

    /// <summary>The state of <c>dtype</c>: (version, byte order, …).</summary>
    public static void SetState(PickledNumpyType type, object? state) => type.IsBigEndian = state is object?[] { Length: > 1 } parts && parts[1] is ">";

    private static object Unsigned(ulong value) => value <= long.MaxValue ? (long)value : new PickledOther("integer", $"{value}");
}
