using System.Globalization;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Kinds.Models;

/// <summary>A model in a list.</summary>
/// <param name="Name">The model.</param>
/// <param name="Newest">Its newest version that can be read; null where none can.</param>
/// <param name="VersionCount">How many versions it has, those aside that cannot be read.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Unreadable">Its versions and tags that cannot be read.</param>
public sealed record ModelSummary(string Name, ModelVersion? Newest, int VersionCount, IReadOnlyList<ModelTag> Tags, IReadOnlyList<UnreadableBlob> Unreadable);

/// <summary>A file of the store that is not what the store writes there, or cannot be read as it is.</summary>
/// <param name="Path">The blob.</param>
/// <param name="Why">What is wrong with it and what to do, for people.</param>
public sealed record UnreadableBlob(BlobPath Path, string Why);

/// <summary>What there is of a model.</summary>
/// <param name="Versions">Its versions that can be read, oldest first.</param>
/// <param name="Tags">Its tags that can be read, by name.</param>
/// <param name="Unreadable">The files of versions and tags that cannot.</param>
public sealed record ModelContents(IReadOnlyList<ModelVersion> Versions, IReadOnlyList<ModelTag> Tags, IReadOnlyList<UnreadableBlob> Unreadable);

/// <summary>Models under one folder of blob storage, read by name: nothing but blobs, so every program that reaches the account sees the same.</summary>
public sealed class ModelStore(BlobStore blobs, IOptions<ModelOptions> options)
{
    private const int ReadsAtOnce = 16;

    /// <summary>The folder of all models.</summary>
    /// <exception cref="JobException">None is configured.</exception>
    public BlobPath Root => options.Value.Root is { Length: > 0 } root ? BlobPath.Parse(root) : throw new JobException(
        $"Models have no place yet: {ModelOptions.Section}:Root is not set. `hrnet up` sets it for its stack (one that was started before models came needs a restart); "
        + "elsewhere set HrNetBatch__Models__Root=blob://ALIAS/container/prefix for the workers and for this program.");

    /// <summary>Refuses a place to write to that is the store's, or holds it: nothing but the store writes at, under or above its root.</summary>
    /// <param name="path">The blob or folder that a job would write.</param>
    /// <param name="field">The argument that names it.</param>
    /// <exception cref="JobException">It is the store's; permanent.</exception>
    public void RequireOutside(BlobPath path, string field)
    {
        if (options.Value.Root is not { Length: > 0 } || !blobs.AreInOneContainer(path, Root)) return;
        string own = Root.ListingPrefix, theirs = path.ListingPrefix;
        if (theirs.StartsWith(own, StringComparison.Ordinal) || own.StartsWith(theirs, StringComparison.Ordinal))
        {
            throw new JobException(
                $"{field}: '{path}' lies at, under or above '{Root}', where the model store keeps its models and nothing else may write. "
                + $"Choose a folder beside it{(own.Length == 0 ? ", in another container" : "")}; "
                + "`hrnet models add` and `hrnet train --save-as` put weights into the store.");
        }
    }

    /// <summary>Whether a blob or folder is the store's: at or under its root. False where there is no store.</summary>
    public bool Holds(BlobPath path) =>
        options.Value.Root is { Length: > 0 } && blobs.AreInOneContainer(path, Root)
        && path.ListingPrefix.StartsWith(Root.ListingPrefix, StringComparison.Ordinal);

    /// <summary>Every model that has a version, by name. Files that cannot be read are listed as that; they keep nobody from the others.</summary>
    public async Task<IReadOnlyList<ModelSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var found = new List<ModelSummary>();
        foreach (string name in await ListNamesAsync(cancellation))
        {
            ModelContents model = await LookAsync(name, cancellation);
            if (model.Versions.Count + model.Unreadable.Count > 0)
                found.Add(new ModelSummary(name, model.Versions.Count > 0 ? model.Versions[^1] : null, model.Versions.Count, model.Tags, model.Unreadable));
        }
        return found;
    }

    /// <summary>What there is of a model, removed versions aside; nothing where there is no such model.</summary>
    public async Task<ModelContents> LookAsync(string name, CancellationToken cancellation = default)
    {
        (IReadOnlyList<ModelVersion> versions, IReadOnlyList<UnreadableBlob> unreadable) = await ListAllVersionsAsync(name, cancellation);
        (IReadOnlyList<ModelTag> tags, IReadOnlyList<UnreadableBlob> unreadableTags) = await ListAllTagsAsync(name, cancellation);
        return new ModelContents([.. versions.Where(version => version.RemovedAt is null)], tags, [.. unreadable, .. unreadableTags]);
    }

    /// <summary>The versions of a model that were not removed and can be read, oldest first; none where there is no such model.</summary>
    public async Task<IReadOnlyList<ModelVersion>> ListVersionsAsync(string name, CancellationToken cancellation = default) =>
        [.. (await ListAllVersionsAsync(name, cancellation)).Versions.Where(version => version.RemovedAt is null)];

    /// <summary>The tags of a model that can be read, by name.</summary>
    public async Task<IReadOnlyList<ModelTag>> ListTagsAsync(string name, CancellationToken cancellation = default) => (await ListAllTagsAsync(name, cancellation)).Tags;

    /// <summary>The version that a reference means now.</summary>
    /// <exception cref="JobException">There is no such model, version or tag, or it was removed; permanent. The message says what there is.</exception>
    public async Task<ModelVersion> ResolveAsync(ModelReference reference, CancellationToken cancellation = default)
    {
        if (reference.Version is { } number)
            return await FindAsync(reference.Name, number, cancellation) switch
            {
                null => throw await NotFoundAsync(reference, cancellation),
                { RemovedAt: { } time } => throw await RemovedAsync(reference, time, "", cancellation),
                var version => version,
            };
        if (reference.Tag is { } tag)
        {
            ModelTag found = (await ModelJson.ReadAsync<ModelTag>(blobs, Folder(reference.Name).Tag(tag), cancellation))?.Value ?? throw await NotFoundAsync(reference, cancellation);
            return await FindAsync(reference.Name, found.Version, cancellation) is { RemovedAt: null } version ? version
                : throw await RemovedAsync(new ModelReference(reference.Name, found.Version), null, $", and the tag '{tag}' still points to it", cancellation);
        }

        // From the newest on, past those that were removed.
        foreach (int newest in (await ListNumbersAsync(reference.Name, cancellation)).Reverse())
        {
            if (await FindAsync(reference.Name, newest, cancellation) is { RemovedAt: null } version) return version;
        }
        throw await NotFoundAsync(reference, cancellation);
    }

    /// <summary>Where the weights of a version lie.</summary>
    public BlobPath WeightsOf(ModelVersion version) => Folder(version.Name).Path.Combine(version.Weights);

    internal ModelFolder Folder(string name) => new(Root.Combine(name + "/"));

    /// <summary>A version, marked where it was removed; null where there never was one of that number.</summary>
    /// <exception cref="JobException">Its file is not what the store writes there.</exception>
    internal async Task<ModelVersion?> FindAsync(string name, int number, CancellationToken cancellation) => (await ReadVersionAsync(name, number, cancellation))?.Value;

    /// <summary>The file of a version with its ETag; null where there is none.</summary>
    /// <exception cref="JobException">It is not what the store writes there.</exception>
    internal async Task<(ModelVersion Value, string ETag)?> ReadVersionAsync(string name, int number, CancellationToken cancellation)
    {
        BlobPath path = Folder(name).Version(number);
        (ModelVersion Value, string ETag)? found = await ModelJson.ReadAsync<ModelVersion>(blobs, path, cancellation);
        // What it names is read, and deleted with it: that must be its own.
        if (found is { Value: var version } && (version.Name != name || version.Version != number || !Folder(name).IsWeights(version.Weights)))
            throw ModelJson.NotOurs(path, $"it tells of {version.Name}@{version.Version} with the weights '{BlobName.Shown(version.Weights)}'");
        return found;
    }

    /// <summary>Every version that there ever was, oldest first, and the files of those that cannot be read.</summary>
    internal async Task<(IReadOnlyList<ModelVersion> Versions, IReadOnlyList<UnreadableBlob> Unreadable)> ListAllVersionsAsync(string name, CancellationToken cancellation)
    {
        IReadOnlyList<int> numbers = await ListNumbersAsync(name, cancellation);
        return await ReadAllAsync(numbers, number => Folder(name).Version(number), (number, token) => FindAsync(name, number, token), cancellation);
    }

    private async Task<(IReadOnlyList<ModelTag> Tags, IReadOnlyList<UnreadableBlob> Unreadable)> ListAllTagsAsync(string name, CancellationToken cancellation) =>
        await ReadAllAsync(
            await ListAsync(Folder(name).Tags, cancellation), blob => blob.Path,
            async (blob, token) => (await ModelJson.ReadAsync<ModelTag>(blobs, blob.Path, token))?.Value, cancellation);

    private static async Task<(IReadOnlyList<T> Read, IReadOnlyList<UnreadableBlob> Unreadable)> ReadAllAsync<TKey, T>(
        IReadOnlyList<TKey> keys, Func<TKey, BlobPath> pathOf, Func<TKey, CancellationToken, Task<T?>> readAsync, CancellationToken cancellation)
        where T : class
    {
        var read = new T?[keys.Count];
        var unreadable = new UnreadableBlob?[keys.Count];
        var parallelism = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, keys.Count, parallelism, async (i, token) =>
        {
            try
            {
                read[i] = await readAsync(keys[i], token);
            }
            catch (JobException e)
            {
                unreadable[i] = new UnreadableBlob(pathOf(keys[i]), e.Message);
            }
            catch (BlobException e) when (e.IsUnreadable)
            {
                unreadable[i] = new UnreadableBlob(pathOf(keys[i]), e.Message);
            }
        });
        return ([.. read.OfType<T>()], [.. unreadable.OfType<UnreadableBlob>()]);
    }

    /// <summary>The numbers of all versions, removed ones too, in their order.</summary>
    internal async Task<IReadOnlyList<int>> ListNumbersAsync(string name, CancellationToken cancellation) =>
        [.. (await ListAsync(Folder(name).Versions, cancellation)).Select(blob => Folder(name).NumberOf(blob.Path)).OfType<int>().Order()];

    internal async Task<IReadOnlyList<BlobEntry>> ListAsync(BlobPath folder, CancellationToken cancellation)
    {
        var found = new List<BlobEntry>();
        try
        {
            await foreach (BlobEntry blob in blobs.ListAsync(folder, cancellation)) found.Add(blob);
        }
        catch (BlobException e) when (e.IsMissing)
        {
            // The container comes with the first model.
        }
        return found;
    }

    internal async Task<JobException> NotFoundAsync(ModelReference reference, CancellationToken cancellation)
    {
        IReadOnlyList<ModelVersion> versions = await ListVersionsAsync(reference.Name, cancellation);
        if (versions.Count == 0)
        {
            IReadOnlyList<ModelSummary> models = await ListAsync(cancellation);
            return new JobException($"There is no model '{reference.Name}' in {Root}. "
                + (models.Count == 0 ? "There are no models yet" : $"Models there are: {string.Join(", ", models.Select(model => model.Name))}")
                + "; `hrnet models add` adds one.");
        }
        if (reference.Tag is null)
            return new JobException($"Model '{reference.Name}' has no version {reference.Version}; it has {Numbers(versions)}.");
        IReadOnlyList<ModelTag> tags = await ListTagsAsync(reference.Name, cancellation);
        return new JobException($"Model '{reference.Name}' has no tag '{reference.Tag}'"
            + (tags.Count == 0 ? " and no other" : $"; it has {string.Join(", ", tags.Select(tag => $"{tag.Name} (version {tag.Version})"))}")
            + $". `hrnet models tag {reference.Name}@VERSION {reference.Tag}` sets it.");
    }

    private async Task<JobException> RemovedAsync(ModelReference reference, DateTimeOffset? time, string more, CancellationToken cancellation)
    {
        IReadOnlyList<ModelVersion> versions = await ListVersionsAsync(reference.Name, cancellation);
        string when = time is { } at ? string.Create(CultureInfo.InvariantCulture, $" on {at.UtcDateTime:yyyy-MM-dd} at {at.UtcDateTime:HH:mm} UTC") : "";
        return new JobException($"The model {reference.ShortName} was removed{when}{more}. "
            + (versions.Count == 0 ? "It has no version left: add one (hrnet models add)" : $"Name another version ({Numbers(versions)})") + " and submit the job again.");
    }

    private async Task<IReadOnlyList<string>> ListNamesAsync(CancellationToken cancellation)
    {
        int start = Root.ListingPrefix.Length;
        return [.. (await ListAsync(Root, cancellation)).Select(blob => blob.Path.Name[start..].Split('/')).Where(parts => parts is [_, "versions", _])
            .Select(parts => parts[0]).Distinct(StringComparer.Ordinal).Where(name => ModelName.Fault(name) is null)];
    }

    private static string Numbers(IReadOnlyList<ModelVersion> versions) =>
        string.Join(", ", versions.TakeLast(20).Select(version => version.Version.ToString(CultureInfo.InvariantCulture)));
}
