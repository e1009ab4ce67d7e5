using System.Globalization;
using Google.Protobuf;
using HrNetBatch.Model.Onnx.Format;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Onnx;

/// <summary>An ONNX graph under construction: nodes in the order in which they run. Every value is known by its name, which is that of the node it comes from.</summary>
internal sealed class OnnxGraph(string name)
{
    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);

    /// <summary>What has been built so far.</summary>
    internal GraphProto Proto { get; } = new() { Name = name };

    /// <summary>Adds an input of the graph.</summary>
    internal string Input(string name, params Span<object> shape)
    {
        Proto.Input.Add(ValueInfo(name, shape));
        return name;
    }

    /// <summary>Makes a value an output of the graph.</summary>
    internal void Output(string name, params Span<object> shape) => Proto.Output.Add(ValueInfo(name, shape));

    /// <summary>Adds a node; a missing optional input is an empty name.</summary>
    /// <returns>The name of its only output, which is its own.</returns>
    internal string Node(string name, string operation, string[] inputs, params Span<AttributeProto> attributes)
    {
        var node = new NodeProto { Name = name, OpType = operation, Input = { inputs }, Output = { name } };
        foreach (AttributeProto attribute in attributes)
            node.Attribute.Add(attribute);
        Proto.Node.Add(node);
        return name;
    }

    /// <summary>Adds a float32 constant, once for each name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Of any float type and layout; copied.</param>
    internal string Constant(string name, Tensor values)
    {
        if (!_constants.Add(name))
            return name;
        using var scope = NewDisposeScope();
        Tensor plain = values.detach().cpu().to(ScalarType.Float32).contiguous();
        Proto.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = (int)TensorProto.Types.DataType.Float,
            Dims = { plain.shape },
            RawData = UnsafeByteOperations.UnsafeWrap(plain.bytes.ToArray()), // little-endian as ONNX wants it, because every machine that runs this is
        });
        return name;
    }

    /// <summary>An attribute of whole numbers.</summary>
    internal static AttributeProto Attribute(string name, params long[] values) =>
        new() { Name = name, Ints = { values }, Type = AttributeProto.Types.AttributeType.Ints };

    /// <summary>An attribute of one whole number.</summary>
    internal static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    /// <summary>An attribute of one fraction.</summary>
    internal static AttributeProto Attribute(string name, float value) =>
        new() { Name = name, F = value, Type = AttributeProto.Types.AttributeType.Float };

    /// <summary>An attribute of text.</summary>
    internal static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    // A number is a fixed size, a text the name of a size that is known when the graph runs.
    private static ValueInfoProto ValueInfo(string name, ReadOnlySpan<object> shape)
    {
        var sizes = new TensorShapeProto();
        foreach (object size in shape)
            sizes.Dim.Add(size is string free ? new TensorShapeProto.Types.Dimension { DimParam = free } : new() { DimValue = Convert.ToInt64(size, CultureInfo.InvariantCulture) });
        var type = new TypeProto { TensorType = new() { ElemType = (int)TensorProto.Types.DataType.Float, Shape = sizes } };
        return new ValueInfoProto { Name = name, Type = type };
    }
}
