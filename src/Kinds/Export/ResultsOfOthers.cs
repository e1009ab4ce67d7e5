using System.Text.Json;
using Azure.Storage.Blobs;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Classify.Parts;

namespace HrNetBatch.Kinds.Export;

/// <summary>
/// Blobs that no export may replace, whatever it is told: the checkpoints, curves and reports of a run, and the manifest, the claim and
/// the parts of a classify job. Other jobs and their manifests name them, and an export in their place would be read as them.
/// </summary>
internal static class ResultsOfOthers
{
    /// <summary>Refuses a blob that is one.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="blob">The same, opened.</param>
    /// <param name="metadata">What it carries.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="JobException">It is; permanent.</exception>
    public static async Task RefuseAsync(BlobPath path, BlobClient blob, IDictionary<string, string> metadata, CancellationToken cancellation)
    {
        string? owner = FencedBlob.JobOf(metadata) is { } job ? $"a file of job {job}" : await OfClassifyAsync(path, blob, cancellation);
        if (owner is not null)
            throw new JobException($"output: '{path}' is {owner}, which no export replaces. Give the export another name and submit the job again.");
    }

    private static async Task<string?> OfClassifyAsync(BlobPath path, BlobClient blob, CancellationToken cancellation)
    {
        if (path.Name.Split('/') is [.., var folder, var file] && PartName.IsPart($"{folder}/{file}"))
            return PartName.JobOf($"{folder}/{file}") is { } job ? $"a part of the results of job {job}" : "a part of a classify job's results";
        try
        {
            return path.FileName switch
            {
                ClassifyJob.ManifestName => $"the manifest of job {Manifest.Parse(await ReadAsync()).Job}",
                ClassifyJob.ClaimName => $"the file that keeps its folder for job {OutputOwner.Parse(await ReadAsync()).Job}",
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;   // called so by somebody else
        }

        async Task<byte[]> ReadAsync() => (await blob.DownloadContentAsync(cancellation)).Value.Content.ToArray();
    }
}
