using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify.Parts;

namespace HrNetBatch.Kinds.Classify;

/// <summary>
/// What <c>manifest.json</c> in the output folder says. It is written last: where it is, every part that it lists is complete, and every
/// input blob has exactly one row in them.
/// </summary>
public sealed record Manifest
{
    private static readonly JsonSerializerOptions Json =
        new(JobJson.Options) { WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>The job that wrote it.</summary>
    public required Guid Job { get; init; }

    /// <summary>The input as the job was given it.</summary>
    public required string Input { get; init; }

    /// <summary>The checkpoint that classified: a blob, or the exact version of a model.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The SHA-256 of its bytes, in lower-case hexadecimal; null in manifests of old programs.</summary>
    public string? CheckpointSha256 { get; init; }

    /// <summary>parquet, jsonl or csv.</summary>
    public required string Format { get; init; }

    /// <summary>How many classes each row names at most.</summary>
    public required int TopK { get; init; }

    /// <summary>How many blobs were listed: the sum of all parts' rows.</summary>
    public required long BlobCount { get; init; }

    /// <summary>How many rows have predictions.</summary>
    public required long RowCount { get; init; }

    /// <summary>How many rows have an error.</summary>
    public required long FailedCount { get; init; }

    /// <summary>How many blobs of the input only stand for folders; they have no rows.</summary>
    public long FolderMarkerCount { get; init; }

    /// <summary>The parts: of predictions in the order of the listing, then of failed items.</summary>
    public required IReadOnlyList<Part> Parts { get; init; }

    /// <summary>Reads a manifest, also one of a later program.</summary>
    /// <exception cref="JsonException">It is none, or names a part as no classify job does.</exception>
    public static Manifest Parse(byte[] json)
    {
        Manifest manifest = JsonSerializer.Deserialize<Manifest>(json, Json) ?? throw new JsonException("it is null");
        foreach (Part? part in manifest.Parts)
        {
            if (part is null || !PartName.IsPart(part.Name)) throw new JsonException($"it lists '{BlobName.Shown($"{part?.Name}")}', which is no part's name");
        }
        return manifest;
    }

    /// <summary>The manifest as it is written.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}

/// <summary>The result of a classify job, whose fields the jobs that follow it may name.</summary>
/// <param name="Manifest">Path of the manifest.</param>
/// <param name="Rows">How many blobs have predictions.</param>
/// <param name="Failed">How many have an error.</param>
/// <param name="Parts">How many parts the manifest lists.</param>
public sealed record ClassifyResult(string Manifest, long Rows, long Failed, int Parts)
{
    /// <summary>How many blobs of the input were left out, because they only stand for folders.</summary>
    public long FolderMarkers { get; init; }
}
