using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>Writes a tree as a pickle of protocol 2 with the same opcodes and names as torch.save, so that torch.load reads it back, weights_only included.</summary>
internal sealed class PickleWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly List<Tensor> _tensors = [];

    /// <summary>Pickles <paramref name="value"/>; the tensor at index K of the result goes to the entry data/K.</summary>
    public static (byte[] Pickle, IReadOnlyList<Tensor> Tensors) Write(CheckpointValue value)
    {
        var writer = new PickleWriter();
        writer.Emit(0x80, 2);
        writer.Write(value, 0);
        writer.Emit((byte)'.');
        return (writer._output.WrittenSpan.ToArray(), writer._tensors);
    }

    private void Write(CheckpointValue value, int depth)
    {
        if (depth > PickleLimits.TreeDepth)
            throw new ArgumentException($"A checkpoint's values may nest {PickleLimits.TreeDepth} deep.");
        switch (value)
        {
            case CheckpointNone:
                Emit((byte)'N');
                break;
            case CheckpointBoolean boolean:
                Emit(boolean.Value ? (byte)0x88 : (byte)0x89);
                break;
            case CheckpointInteger integer:
                WriteInteger(integer.Value);
                break;
            case CheckpointFloat number:
                Span<byte> bits = stackalloc byte[8];
                BinaryPrimitives.WriteDoubleBigEndian(bits, number.Value);
                Emit((byte)'G');
                _output.Write(bits);
                break;
            case CheckpointText text:
                WriteText(text.Text);
                break;
            case CheckpointTuple tuple:
                Emit((byte)'(');
                WriteAll(tuple.Items, depth);
                Emit((byte)'t');
                break;
            case CheckpointList list:
                Emit((byte)']', (byte)'(');
                WriteAll(list.Items, depth);
                Emit((byte)'e');
                break;
            case CheckpointDictionary dictionary:
                WriteDictionary(dictionary, depth);
                break;
            case CheckpointTensor tensor:
                WriteTensor(tensor.Tensor);
                break;
            case CheckpointOther other:
                WriteText(other.Text);
                break;
        }
    }

    private void WriteAll(IEnumerable<CheckpointValue> items, int depth)
    {
        foreach (CheckpointValue item in items)
            Write(item, depth + 1);
    }

    private void WriteDictionary(CheckpointDictionary dictionary, int depth)
    {
        if (dictionary.IsOrdered)
            WriteEmptyOrderedDict();
        else
            Emit((byte)'}');
        Emit((byte)'(');
        foreach ((CheckpointValue key, CheckpointValue item) in dictionary)
        {
            Write(key, depth + 1);
            Write(item, depth + 1);
        }
        Emit((byte)'u');
        if (dictionary is { IsOrdered: true, Attributes: { } attributes })
        {
            Write(attributes, depth + 1);
            Emit((byte)'b');
        }
    }

    private void WriteTensor(Tensor tensor)
    {
        // _rebuild_tensor_v2(storage, 0, sizes, strides, requires_grad, OrderedDict())
        WriteGlobal("torch._utils", "_rebuild_tensor_v2");
        Emit((byte)'(', (byte)'(');
        WriteText("storage");
        WriteGlobal("torch", PickleGlobals.StorageName(tensor.dtype));
        WriteText(_tensors.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        WriteText("cpu");
        WriteInteger(tensor.numel());
        Emit((byte)'t', (byte)'Q');
        WriteInteger(0);
        WriteIntegers(tensor.shape);
        WriteIntegers(ContiguousStrides(tensor.shape));
        Emit(0x89);
        WriteEmptyOrderedDict();
        Emit((byte)'t', (byte)'R');
        _tensors.Add(tensor);
    }

    private void WriteIntegers(long[] values)
    {
        Emit((byte)'(');
        foreach (long value in values)
            WriteInteger(value);
        Emit((byte)'t');
    }

    private void WriteEmptyOrderedDict()
    {
        WriteGlobal("collections", "OrderedDict");
        Emit((byte)')', (byte)'R');
    }

    private void WriteGlobal(string module, string name) => _output.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private void WriteText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Emit((byte)'X');
        _output.Write(length);
        _output.Write(bytes);
    }

    private void WriteInteger(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Emit((byte)'J');
            _output.Write(bytes[..4]);
        }
        else
        {
            Emit(0x8a, 8);
            _output.Write(bytes);
        }
    }

    private void Emit(params ReadOnlySpan<byte> codes) => _output.Write(codes);

    private static long[] ContiguousStrides(long[] sizes)
    {
        long[] strides = new long[sizes.Length];
        long stride = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(sizes[i], 1);
        }
        return strides;
    }
}
