using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Checkpoints;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.DataSets;

namespace HrNetBatch.Jobs.Validate;

/// <summary>What a validate job is asked to do.</summary>
public sealed record ValidateArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "validate";

    /// <summary>The checkpoint: a blob, or a model of the store as <c>model:NAME</c>, <c>model:NAME@VERSION</c> or <c>model:NAME@TAG</c>.</summary>
    [Required]
    [CheckpointReference]
    public required string Checkpoint { get; init; }

    /// <summary>Labelled data, named as in a train job.</summary>
    [Required]
    [BlobPath]
    public required string Data { get; init; }

    /// <summary>Side of the square input, pixels, a multiple of 32; null: the checkpoint's.</summary>
    [Range(32, 2048)]
    public int? ImageSize { get; init; }

    /// <summary>Images a step.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 32;

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (ShardSet.FaultOf(Data) is { } fault)
            yield return $"data: {fault}";
        if (ImageSize % 32 is > 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
    }
}
