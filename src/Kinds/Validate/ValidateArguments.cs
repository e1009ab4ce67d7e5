using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Kinds.Validate;

/// <summary>What a validate job is asked to do.</summary>
public sealed record ValidateArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "validate";

    /// <inheritdoc/>
    public static string Purpose => "measures a checkpoint on tar shards";

    /// <inheritdoc/>
    public static string? ResultCheckpoint => "{{result.checkpoint}}";   // the one it measured

    /// <summary>The checkpoint: a blob, or a model of the store as <c>model:NAME</c>, <c>model:NAME@VERSION</c> or <c>model:NAME@TAG</c>.</summary>
    [Required]
    [CheckpointReference]
    public required string Checkpoint { get; init; }

    /// <summary>Labelled data, named as in a train job.</summary>
    [Required]
    [BlobPath]
    public required string Data { get; init; }

    /// <summary>How <see cref="Data"/> lies: webDataset, imageFolder, ilsvrc or mds; null: recognised.</summary>
    public DataLayout? DataLayout { get; init; }

    /// <summary>Largest share of samples that may be broken, 0 to 1. Broken samples are left out and listed as failed items; beyond this share the job fails.</summary>
    [Range(0.0, 1.0)]
    public double BrokenSampleLimit { get; init; } = 0.01;

    /// <summary>Side of the square input, pixels, a multiple of 32; null: the checkpoint's.</summary>
    [Range(32, 2048)]
    public int? ImageSize { get; init; }

    /// <summary>Images a step.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 32;

    /// <summary>Share of the resized short side that the centre crop keeps; the original's 0.875 is 224 of 256, 1 keeps all of it. Null: the checkpoint's.</summary>
    [Range(0.1, 1.0)]
    public double? CropFraction { get; init; }

    /// <summary>Test-time augmentation: whether each image is seen as it is and mirrored, and the probabilities of the two answers are averaged.</summary>
    public bool FlipAverage { get; init; }

    /// <summary>
    /// A JSON blob with all right answers for each image, as ReaL has them for ImageNet: [[3],[1,7],…] by the number at the end of the key,
    /// from 1, or {"key":[3],…}. Null: only the label counts.
    /// </summary>
    [BlobPath]
    public string? MultiLabels { get; init; }

    /// <summary>Folder for report.json, classes.csv, confusion.csv and the worst mistakes with their images; null: no files.</summary>
    [BlobPath]
    public string? Output { get; init; }

    /// <summary>How many of the worst mistakes are told of.</summary>
    [Range(0, 1000)]
    public int MistakeCount { get; init; } = 24;

    /// <summary>How each image is looked at.</summary>
    internal ValidationView ViewOf(LoadedCheckpoint checkpoint) => new(CropFraction ?? checkpoint.CropFraction, FlipAverage);

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (ShardSet.FaultOf(Data) is { } fault)
            yield return $"data: {fault}";
        if (ImageSize % 32 is > 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
        if (BlobPath.TryParse(MultiLabels, out BlobPath? labels, out _) && labels.NamesMany)
            yield return $"multiLabels: one blob is needed, {MultiLabels} names a folder";
        if (BlobPath.TryParse(Output, out BlobPath? folder, out _) && folder.Name is [.., '*'])
            yield return $"output: a folder is needed, {Output} is a pattern";
    }
}
