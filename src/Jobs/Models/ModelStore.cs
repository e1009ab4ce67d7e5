using System.Globalization;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Models;

/// <summary>A model in a list.</summary>
/// <param name="Newest">Its newest version.</param>
/// <param name="VersionCount">How many versions it has.</param>
/// <param name="Tags">Its tags.</param>
public sealed record ModelSummary(ModelVersion Newest, int VersionCount, IReadOnlyList<ModelTag> Tags);

/// <summary>Models under one folder of blob storage, read by name: nothing but blobs, so every program that reaches the account sees the same.</summary>
public sealed class ModelStore(BlobStore blobs, IOptions<ModelOptions> options)
{
    private const int ReadsAtOnce = 16;

    /// <summary>The folder of all models.</summary>
    /// <exception cref="JobException">None is configured.</exception>
    public BlobPath Root => options.Value.Root is { Length: > 0 } root ? BlobPath.Parse(root) : throw new JobException(
        $"Models have no place yet: {ModelOptions.Section}:Root is not set. `hrnet up` sets it for its stack (one that was started before models came needs a restart); "
        + "elsewhere set HrNetBatch__Models__Root=blob://ALIAS/container/prefix for the workers and for this program.");

    /// <summary>Every model that has a version, by name.</summary>
    public async Task<IReadOnlyList<ModelSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var found = new List<ModelSummary>();
        foreach (string name in await ListNamesAsync(cancellation))
        {
            IReadOnlyList<ModelVersion> versions = await ListVersionsAsync(name, cancellation);
            if (versions.Count > 0) found.Add(new ModelSummary(versions[^1], versions.Count, await ListTagsAsync(name, cancellation)));
        }
        return found;
    }

    /// <summary>The versions of a model that were not removed, oldest first; none where there is no such model.</summary>
    public async Task<IReadOnlyList<ModelVersion>> ListVersionsAsync(string name, CancellationToken cancellation = default) =>
        [.. (await ListAllVersionsAsync(name, cancellation)).Where(version => version.RemovedAt is null)];

    /// <summary>The tags of a model by name.</summary>
    public async Task<IReadOnlyList<ModelTag>> ListTagsAsync(string name, CancellationToken cancellation = default)
    {
        var tags = new List<ModelTag>();
        foreach (BlobEntry blob in await ListAsync(Folder(name).Tags, cancellation))
        {
            if (await ModelJson.ReadAsync<ModelTag>(blobs, blob.Path, cancellation) is { Value: var tag }) tags.Add(tag);
        }
        return tags;
    }

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
    internal async Task<ModelVersion?> FindAsync(string name, int number, CancellationToken cancellation) =>
        (await ModelJson.ReadAsync<ModelVersion>(blobs, Folder(name).Version(number), cancellation))?.Value;

    /// <summary>Every version that there ever was, oldest first.</summary>
    internal async Task<IReadOnlyList<ModelVersion>> ListAllVersionsAsync(string name, CancellationToken cancellation)
    {
        IReadOnlyList<int> numbers = await ListNumbersAsync(name, cancellation);
        var versions = new ModelVersion?[numbers.Count];
        var parallelism = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, numbers.Count, parallelism, async (i, token) => versions[i] = await FindAsync(name, numbers[i], token));
        return [.. versions.OfType<ModelVersion>()];
    }

    /// <summary>The numbers of all versions, removed ones too, in their order.</summary>
    internal async Task<IReadOnlyList<int>> ListNumbersAsync(string name, CancellationToken cancellation) =>
        [.. (await ListAsync(Folder(name).Versions, cancellation)).Select(blob => ModelFolder.NumberOf(blob.Path)).OfType<int>().Order()];

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
                + (models.Count == 0 ? "There are no models yet" : $"Models there are: {string.Join(", ", models.Select(model => model.Newest.Name))}")
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
            .Select(parts => parts[0]).Distinct(StringComparer.Ordinal)];
    }

    private static string Numbers(IReadOnlyList<ModelVersion> versions) =>
        string.Join(", ", versions.TakeLast(20).Select(version => version.Version.ToString(CultureInfo.InvariantCulture)));
}
