using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Export;

namespace HrNetBatch.Kinds.Export;

/// <summary>What an export job is asked to do.</summary>
public sealed record ExportArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "export";

    /// <inheritdoc/>
    public static string Purpose => "writes a checkpoint as ONNX, safetensors, .pth or the original's .pth.tar";

    /// <inheritdoc/>
    public static string? ResultCheckpoint => "{{result.checkpoint}}";   // the one it exported

    /// <inheritdoc/>
    public static bool NeedsDevice => false;

    /// <summary>The checkpoint: a blob, or a model of the store as <c>model:NAME</c>, <c>model:NAME@VERSION</c> or <c>model:NAME@TAG</c>.</summary>
    [Required]
    [CheckpointReference]
    public required string Checkpoint { get; init; }

    /// <summary>Blob to write.</summary>
    [Required]
    [BlobPath]
    public required string Output { get; init; }

    /// <summary>
    /// The kind of file: <c>pth</c> (weights alone), <c>training</c> (the original's checkpoint.pth.tar, with epoch and optimizer),
    /// <c>safetensors</c> or <c>onnx</c>. Null: told by the extension of <see cref="Output"/>, .pth, .pth.tar, .safetensors or .onnx.
    /// </summary>
    public ExportFormat? Format { get; init; }

    /// <summary>For ONNX: whether each batch norm becomes part of the convolution before it, which is smaller and faster.</summary>
    public bool FoldBatchNorm { get; init; } = true;

    /// <summary>Side of the square images that the file is for, pixels, a multiple of 32; null: the checkpoint's, else 224. An ONNX file takes no others.</summary>
    [Range(32, 2048)]
    public int? ImageSize { get; init; }

    /// <summary>Whether a blob that stands at <see cref="Output"/> is replaced, whoever wrote it, unless it is a train, validate or classify job's result. What an export of the same checkpoint wrote is replaced in any case.</summary>
    public bool Overwrite { get; init; }

    /// <summary>How the checkpoint is to be written.</summary>
    internal ExportOptions ToOptions(LoadedCheckpoint loaded, int threadCount) => new()
    {
        Format = Format ?? ExportFormats.Of(Output)!.Value,
        FoldBatchNorm = FoldBatchNorm,
        ImageSize = ImageSize ?? loaded.ImageSize,
        Labels = loaded.Labels,
        ThreadCount = threadCount,
    };

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (BlobPath.Parse(Output).NamesMany)
            yield return $"output: name the blob to write, such as blob://local/exports/flowers.onnx; {Output} is a folder";
        else if (Format is null && ExportFormats.Of(Output) is null)
            yield return $"format: {Output} does not tell it; give one of onnx, safetensors, pth and training, or end the name in {ExportFormats.Names}";
        if (Output == Checkpoint)
            yield return "output: is the checkpoint itself; give it another name";
        if (ImageSize % 32 is > 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
    }
}
