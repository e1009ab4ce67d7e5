using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Kinds.Models;

/// <summary>Removes versions, and what adding left behind where it was killed.</summary>
public sealed class ModelRemoval(ModelStore store, BlobStore blobs, ModelTags tags, PinnedCheckpointStore pins, TimeProvider time)
{
    /// <summary>How long weights that no version names are left to whoever may still be adding them.</summary>
    public static readonly TimeSpan SparedTime = TimeSpan.FromDays(1);

    /// <summary>Removes a version for good: its weights are deleted, and its number is never used again.</summary>
    /// <param name="name">The model.</param>
    /// <param name="number">The version.</param>
    /// <param name="force">Also where tags point to it (they are deleted) or jobs use it (they will fail).</param>
    /// <param name="cancellation">Gives up; repeating the call goes on where it stopped.</param>
    /// <exception cref="JobException">There is no such version, or it is in use.</exception>
    public async Task RemoveAsync(string name, int number, bool force = false, CancellationToken cancellation = default)
    {
        var reference = new ModelReference(name, number);
        BlobPath path = store.Folder(name).Version(number);
        (ModelVersion version, string etag) = await store.ReadVersionAsync(name, number, cancellation) ?? throw await store.NotFoundAsync(reference, cancellation);
        if (version.RemovedAt is null)
        {
            ModelTag[] pointing = [.. (await store.ListTagsAsync(name, cancellation)).Where(tag => tag.Version == number)];
            if (!force) await CheckUnusedAsync(reference, pointing, cancellation);
            foreach (ModelTag tag in pointing) await tags.DeleteAsync(name, tag.Name, cancellation);

            // 1. From here on nobody finds the version. A crash after it leaves weights that no version names, which the sweep deletes.
            await MarkAsync(path, version, etag, cancellation);
        }

        // 2. The weights go last: whoever still reads them found the version before it was removed, and fails with that reason.
        await blobs.DeleteAsync(store.WeightsOf(version), cancellation: cancellation);
    }

    /// <summary>Deletes the weights of a model that no version names any more, or that nobody finished adding.</summary>
    /// <returns>How many blobs were deleted.</returns>
    public async Task<int> SweepAsync(string name, CancellationToken cancellation = default)
    {
        ModelFolder folder = store.Folder(name);
        // First the weights, then the versions: what is named between the two listings is seen as named.
        IReadOnlyList<BlobEntry> weights = await store.ListAsync(folder.Weights, cancellation);
        ModelContents model = await store.LookAsync(name, cancellation);
        if (model.Unreadable.Count > 0) return 0;   // nobody knows which weights that version names
        var named = model.Versions.Select(version => version.Weights).ToHashSet(StringComparer.Ordinal);
        DateTimeOffset newest = time.GetUtcNow() - SparedTime;
        int count = 0;
        foreach (BlobEntry blob in weights.Where(blob => blob.ModifiedAt < newest && !named.Contains(folder.NameOf(blob.Path))))
        {
            if (await blobs.DeleteAsync(blob.Path, cancellation: cancellation)) count++;
        }
        return count;
    }

    private async Task CheckUnusedAsync(ModelReference reference, ModelTag[] pointing, CancellationToken cancellation)
    {
        if (pointing.Length > 0)
            throw new JobException($"The {(pointing.Length == 1 ? "tag" : "tags")} {string.Join(", ", pointing.Select(tag => $"'{tag.Name}'"))} of '{reference.Name}' "
                + $"{(pointing.Length == 1 ? "points" : "point")} to version {reference.Version}: move {(pointing.Length == 1 ? "it" : "them")} (hrnet models tag) or delete {(pointing.Length == 1 ? "it" : "them")} (hrnet models untag) first, or use --force.");
        IReadOnlyList<Guid> users = await pins.ListUsersAsync($"{reference}", cancellation);
        if (users.Count > 0)
            throw new JobException($"{Counted.Of(users.Count, "unfinished job uses", "unfinished jobs use")} {reference} (for example {users[0]}): "
                + "wait for them or cancel them, or use --force and let them fail.");
    }

    private async Task MarkAsync(BlobPath path, ModelVersion version, string etag, CancellationToken cancellation)
    {
        try
        {
            await ModelJson.WriteAsync(blobs, path, version with { RemovedAt = time.GetUtcNow() }, new Replaces(etag), cancellation);
        }
        catch (BlobException e) when (e.IsChanged)
        {
            // The only change that a version knows is its removal: somebody else's, or our own whose answer was lost.
        }
    }
}
