using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Models;

/// <summary>Sets, moves and deletes tags. A tag is one small blob, and whoever moves it must have seen where it was.</summary>
public sealed class ModelTags(ModelStore store, BlobStore blobs, TimeProvider time)
{
    /// <summary>Points a tag to a version. Jobs that have begun stay with the version that they found.</summary>
    /// <returns>The tag, and the version it pointed to before; null where it is new.</returns>
    /// <exception cref="JobException">There is no such version, the tag cannot be set, or somebody else moved it just now.</exception>
    public async Task<(ModelTag Tag, int? Before)> SetAsync(ModelReference reference, string tag, CancellationToken cancellation = default)
    {
        if (ModelName.TagFault(tag) is { } fault) throw new JobException($"{fault}.");
        ModelVersion version = await store.ResolveAsync(reference, cancellation);
        BlobPath path = store.Folder(version.Name).Tag(tag);
        (ModelTag Value, string ETag)? found = await ModelJson.ReadAsync<ModelTag>(blobs, path, cancellation);
        if (found?.Value.Version == version.Version) return (found.Value.Value, version.Version);

        var moved = new ModelTag(tag, version.Version, time.GetUtcNow());
        try
        {
            // 1. The move is this one write; a crash before it changes nothing.
            await ModelJson.WriteAsync(blobs, path, moved, new Replaces(found?.ETag), cancellation);
        }
        catch (BlobException e) when (e.IsChanged)
        {
            ModelTag? now = (await ModelJson.ReadAsync<ModelTag>(blobs, path, cancellation))?.Value;
            if (now?.Version != version.Version) throw MovedByOther(version.Name, tag, now);   // equal: our own write, whose answer was lost
        }
        return (moved, found?.Value.Version);
    }

    /// <summary>Deletes a tag; the version that it points to stays.</summary>
    /// <returns>Where it pointed.</returns>
    /// <exception cref="JobException">There is no such tag, or somebody else moved it just now.</exception>
    public async Task<ModelTag> DeleteAsync(string name, string tag, CancellationToken cancellation = default)
    {
        BlobPath path = store.Folder(name).Tag(tag);
        (ModelTag deleted, string etag) = await ModelJson.ReadAsync<ModelTag>(blobs, path, cancellation)
            ?? throw await store.NotFoundAsync(new ModelReference(name, Tag: tag), cancellation);
        try
        {
            await blobs.DeleteAsync(path, etag, cancellation);
            return deleted;
        }
        catch (BlobException e) when (e.IsChanged)
        {
            throw MovedByOther(name, tag, (await ModelJson.ReadAsync<ModelTag>(blobs, path, cancellation))?.Value);
        }
    }

    private static JobException MovedByOther(string name, string tag, ModelTag? now) => new(
        $"Somebody else {(now is null ? "deleted" : $"moved to version {now.Version}")} the tag '{tag}' of '{name}' just now. "
        + $"Look at it (hrnet models show {name}), and run the command again if you still want to.");
}
