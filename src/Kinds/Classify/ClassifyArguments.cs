using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Models;

namespace HrNetBatch.Kinds.Classify;

/// <summary>What a classify job is asked to do.</summary>
public sealed record ClassifyArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "classify";

    /// <inheritdoc/>
    public static string Purpose => "classifies every image under a prefix";

    /// <summary>Images: every blob under <c>blob://ALIAS/container/folder</c>; <c>…/prefix*</c> means every name that starts like this.</summary>
    [Required]
    [BlobPath]
    public required string Input { get; init; }

    /// <summary>The checkpoint: a blob, or a model of the store as <c>model:NAME</c>, <c>model:NAME@VERSION</c> or <c>model:NAME@TAG</c>.</summary>
    [Required]
    [CheckpointReference]
    public required string Checkpoint { get; init; }

    /// <summary>Folder for the parts and the manifest, of this job alone and outside the input.</summary>
    [Required]
    [BlobPath]
    public required string Output { get; init; }

    /// <summary>
    /// Whether results of another job, one that has ended, are replaced where they lie in the output: its manifest and its parts are
    /// deleted once this job has its own, and nothing else. Otherwise such an output is refused.
    /// </summary>
    public bool ReplaceOutput { get; init; }

    /// <summary>Form of the parts: parquet, jsonl or csv.</summary>
    [AllowedValues("parquet", "jsonl", "csv", ErrorMessage = "One of parquet, jsonl, csv is needed.")]
    public string Format { get; init; } = "parquet";

    /// <summary>Classes named for each image.</summary>
    [Range(1, 1000)]
    public int TopK { get; init; } = 5;

    /// <summary>Side of the square input, pixels, a multiple of 32; null: the checkpoint's.</summary>
    [Range(32, 2048)]
    public int? ImageSize { get; init; }

    /// <summary>Share of the resized short side that the centre crop keeps; null: the checkpoint's.</summary>
    [Range(0.1, 1.0)]
    public double? CropFraction { get; init; }

    /// <summary>Whether each image is seen twice, as it is and mirrored, and the probabilities averaged: more often right, at twice the work.</summary>
    public bool FlipAverage { get; init; }

    /// <summary>Images in one pass through the network; null: what suits the device.</summary>
    [Range(1, 4096)]
    public int? BatchSize { get; init; }

    /// <summary>Images in one unit: what a kill costs at most, and the rows of one part.</summary>
    [Range(1, 100_000)]
    public int UnitSize { get; init; } = 500;

    /// <summary>How many workers share the job.</summary>
    [Range(1, 1024)]
    public int LaneCount { get; init; } = 1;

    /// <summary>
    /// The fraction of unreadable images past which the job fails, looked at from the hundredth image on, and at the end. The default
    /// stops a job whose input is the wrong folder; a job that may not miss images sets it lower.
    /// </summary>
    [Range(0.0, 1.0)]
    public double FailedItemLimit { get; init; } = 0.5;

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (ImageSize % 32 is > 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
        if (Output.EndsWith('*'))
            yield return $"output: a folder is needed, and '{Output}' is a pattern";
        else if (BlobPath.Parse(Input) is var input && BlobPath.Parse(Output) is var output
            && input.IsInContainerOf(output) && ClassifyJob.WouldListOutput(input, output))
            yield return ClassifyJob.OutputInInput(input, output);
    }
}
