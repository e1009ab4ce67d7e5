using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Classify;

/// <summary>What a classify job is asked to do.</summary>
public sealed record ClassifyArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "classify";

    /// <summary>Images: every blob under <c>blob://ALIAS/container/prefix</c>.</summary>
    [Required]
    [BlobPath]
    public required string Input { get; init; }

    /// <summary>Blob of the checkpoint.</summary>
    [Required]
    [BlobPath]
    public required string Checkpoint { get; init; }

    /// <summary>Prefix for the parts and the manifest.</summary>
    [Required]
    [BlobPath]
    public required string Output { get; init; }

    /// <summary>Form of the parts: parquet, jsonl or csv.</summary>
    [AllowedValues("parquet", "jsonl", "csv", ErrorMessage = "One of parquet, jsonl, csv is needed.")]
    public string Format { get; init; } = "parquet";

    /// <summary>Classes named for each image.</summary>
    [Range(1, 1000)]
    public int TopK { get; init; } = 5;

    /// <summary>Side of the square input, pixels, a multiple of 32; null: the checkpoint's.</summary>
    [Range(32, 2048)]
    public int? ImageSize { get; init; }

    /// <summary>Images in one pass through the network.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 16;

    /// <summary>Images in one unit: what a kill costs at most, and the rows of one part.</summary>
    [Range(1, 1_000_000)]
    public int UnitSize { get; init; } = 1000;

    /// <summary>How many workers share the job.</summary>
    [Range(1, 1024)]
    public int LaneCount { get; init; } = 1;

    /// <summary>The fraction of unreadable images past which the job fails.</summary>
    [Range(0.0, 1.0)]
    public double FailedItemLimit { get; init; } = 0.1;

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (ImageSize % 32 is > 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
    }
}
