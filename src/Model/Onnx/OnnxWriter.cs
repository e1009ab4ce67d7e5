using System.Globalization;
using Google.Protobuf;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Onnx.Format;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Onnx;

/// <summary>Writes networks as ONNX: one float32 input <c>images</c> [batch, 3, H, W], one output <c>logits</c> [batch, classes].</summary>
public static class OnnxWriter
{
    /// <summary>The version of ONNX's operators that the files use.</summary>
    public const int Opset = 17;

    private const int IntermediateRepresentation = 8; // the one that came with opset 17
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes the network as it answers in evaluation.</summary>
    /// <param name="stream">Written forwards only; stays open.</param>
    /// <param name="network">Stays as it is.</param>
    /// <param name="description">What the file says about itself; its image size is the only one that the file takes.</param>
    /// <param name="foldsBatchNorm">Whether each batch norm becomes part of the convolution before it, which is smaller and faster.</param>
    /// <exception cref="ArgumentException">A weight is not finite, or the size no multiple of 32.</exception>
    public static void Write(Stream stream, HrNet network, OnnxDescription description, bool foldsBatchNorm = true)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(description);
        HrNet.RefuseOddSizes([1, 3, description.ImageSize, description.ImageSize]);
        using IDisposable noGradients = no_grad();
        var model = new ModelProto
        {
            IrVersion = IntermediateRepresentation,
            ProducerName = "HrNetBatch",
            ProducerVersion = typeof(OnnxWriter).Assembly.GetName().Version!.ToString(3),
            DocString = description.ToText(network.ClassCount),
            Graph = OnnxHrNet.Build(network.state_dict(), network.Architecture, description.Variant, description.ImageSize, foldsBatchNorm),
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Opset } },
            MetadataProps = { description.ToMetadata().Append(new("architecture", $"{network.Architecture}")).Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }) },
        };
        long bytes = model.Graph.Initializer.Sum(weights => (long)weights.RawData.Length);
        if (bytes > int.MaxValue - BufferBytes)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"Its weights take {bytes:N0} bytes, and an ONNX file holds at most 2 GiB: export it as safetensors."), nameof(network));
        using var output = new CodedOutputStream(stream, BufferBytes, leaveOpen: true);
        model.WriteTo(output);
    }
}
