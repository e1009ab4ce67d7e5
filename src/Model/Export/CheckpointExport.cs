using System.Security.Cryptography;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Checkpoints.Safetensors;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Labels;
using HrNetBatch.Model.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Export;

/// <summary>Writes a checkpoint as a file of another kind, and checks what was written before anybody uses it.</summary>
public sealed class CheckpointExport : IDisposable
{
    private const int DefaultImageSize = 224;

    private readonly Checkpoint _source;
    private readonly ExportOptions _options;
    private readonly HrNet _network;
    private readonly LoadReport _loaded;

    private CheckpointExport(Checkpoint source, ExportOptions options)
    {
        (_source, _options) = (source, options);
        HrNetShape shape = HrNetShape.Recognize(source.StateDict);
        StateDictLoader.Check(shape, source.StateDict); // before memory is taken for the network that the file speaks of
        if (Labels is { } labels && labels.Count != shape.ClassCount)
            throw new CheckpointException($"There {(labels.Count == 1 ? "is" : "are")} {Counted.Of(labels.Count, "label")} for {Counted.Of(shape.ClassCount, "class", "classes")}.");
        _network = new HrNet(shape.Architecture, shape.ClassCount);
        try
        {
            _loaded = StateDictLoader.Load(_network, source.StateDict);
            _network.eval();
        }
        catch
        {
            _network.Dispose();
            throw;
        }
    }

    private string VariantName => HrNetVariant.NameOf(_network.Architecture);

    private IReadOnlyList<string>? Labels => _options.Labels ?? ClassLabels.Of(_source);

    private int ImageSize => _options.ImageSize ?? _source.Card?.ImageSize ?? DefaultImageSize;

    /// <summary>Writes a file and checks it: ONNX in ONNX Runtime, the others by reading them back.</summary>
    /// <param name="source">Stays as it is.</param>
    /// <param name="file">Is created or replaced. Where this throws, it may hold anything: write to a temporary name.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Is told what begins.</param>
    /// <param name="cancellation">Is looked at between the steps.</param>
    /// <exception cref="CheckpointException">The checkpoint is of no known network, lacks what the format needs, or the file failed its check.</exception>
    public static ExportReport Write(Checkpoint source, string file, ExportOptions options, IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            using var export = new CheckpointExport(source, options);
            return export.Write(file, progress, cancellation);
        }
        catch (Exception error) when (error is ArgumentException or CheckpointException)
        {
            // .NET appends "(Parameter 'x')", which means nothing to whoever reads this.
            string message = error.Message.Split(" (Parameter '", 2)[0];
            throw new CheckpointException(message.StartsWith(source.Name, StringComparison.Ordinal) ? message : $"{source.Name}: {message}", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    private ExportReport Write(string file, IProgress<string>? progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        progress?.Report($"writing {ExportFormats.NameOf(_options.Format)}");
        using (FileStream stream = File.Create(file))
            WriteTo(stream);

        cancellation.ThrowIfCancellationRequested();
        OnnxDifference? difference = null;
        if (_options.Format == ExportFormat.Onnx)
        {
            progress?.Report("checking in ONNX Runtime");
            difference = OnnxCheck.Compare(file, _network, ImageSize, _options.ThreadCount);
        }
        else
        {
            progress?.Report("reading it back");
            ReadBack(file);
        }

        cancellation.ThrowIfCancellationRequested();
        using FileStream written = File.OpenRead(file);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(written));
        return new ExportReport(
            _options.Format, VariantName, _network.ClassCount, ImageSize, written.Length, sha256, difference?.Largest, difference?.Share, _source.Sha256, [.. Remarks()]);
    }

    private void WriteTo(FileStream stream)
    {
        switch (_options.Format)
        {
            case ExportFormat.Pth:
                CheckpointWriter.Write(stream, CheckpointWriter.ToValue(_network.state_dict(), Card()));
                break;
            case ExportFormat.Training:
                CheckpointWriter.Write(stream, TrainingExport.Of(_source, _network, Card()).ToValue());
                break;
            case ExportFormat.Safetensors:
                SafetensorsWriter.Write(stream, _network.state_dict(), Card());
                break;
            case ExportFormat.Onnx:
                OnnxWriter.Write(stream, _network, new OnnxDescription(VariantName, ImageSize, Labels, _source.Sha256) { CropFraction = CropFraction }, _options.FoldBatchNorm);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(stream), _options.Format, null);
        }
    }

    private void ReadBack(string file)
    {
        using FileStream stream = File.OpenRead(file);
        using Checkpoint copy = CheckpointReader.Read(stream, "the file that was written");
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor weight) in _network.state_dict())
        {
            if (!copy.StateDict.TryGetValue(name, out Tensor? other) || !weight.shape.SequenceEqual(other.shape) || !SameBits(weight, other))
                throw new CheckpointException($"The file that was written does not hold {name} as it is. Nothing was exported; is the disk sound?");
        }
    }

    // Also where a weight is no number, which equals nothing.
    private static bool SameBits(Tensor weight, Tensor other) => weight.dtype == other.dtype
        && weight.contiguous().bytes.SequenceEqual(other.contiguous().bytes);

    private ModelCard Card() => new(VariantName, ImageSize, Labels ?? []) { CropFraction = CropFraction };

    private double CropFraction => _source.Card?.CropFraction ?? Preprocessing.DefaultCropRatio;

    private IEnumerable<string> Remarks()
    {
        foreach (string remark in _source.Remarks.Concat(_loaded.Remarks))
            yield return remark;
        if (Labels is null)
            yield return "the checkpoint names no classes, so the file names none either";
    }
}
