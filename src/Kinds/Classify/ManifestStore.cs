using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Manifests in blob storage.</summary>
public sealed class ManifestStore(BlobStore blobs)
{
    /// <summary>Reads a manifest; null where there is none.</summary>
    /// <exception cref="JobException">The blob is no manifest, or one whose parts cannot be a classify job's; permanent.</exception>
    public async Task<(Manifest Manifest, string ETag)?> ReadAsync(BlobPath path, CancellationToken cancellation = default)
    {
        try
        {
            var content = await blobs.ReadAsync(path, cancellation: cancellation);
            return (Manifest.Parse(content.Bytes), content.ETag);
        }
        catch (BlobException e) when (e.IsMissing)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new JobException(
                $"'{path}' is there already and cannot be read as the manifest of a classify job: {JsonFault.Of(e)}. "
                + "Choose another output, or delete that blob and retry the job.",
                inner: e);
        }
    }

    /// <summary>Reads a job's manifest for somebody who wants its results; null where there is none.</summary>
    /// <exception cref="JobException">The blob is no manifest, or is damaged.</exception>
    public async Task<(Manifest Manifest, string ETag)?> ReadResultAsync(BlobPath path, Guid job, CancellationToken cancellation = default)
    {
        try
        {
            return await ReadAsync(path, cancellation);
        }
        catch (JobException e) when (e.InnerException is JsonException fault)
        {
            throw new JobException(
                $"'{path}', the manifest of job {job}, is damaged or was replaced by another file: {JsonFault.Of(fault)}. "
                + "Restore that blob; or delete it and submit the job again with replaceOutput (hrnet classify --replace-output).",
                inner: e);
        }
    }

    /// <summary>Writes a manifest in place of the version <paramref name="previous"/>; null: of none.</summary>
    /// <exception cref="BlobException">With <see cref="BlobException.IsChanged"/> where another version is there.</exception>
    public Task WriteAsync(BlobPath path, Manifest manifest, string? previous, CancellationToken cancellation = default) =>
        blobs.UploadAsync(path, new MemoryStream(manifest.ToJson()), new Replaces(previous), cancellation);
}
