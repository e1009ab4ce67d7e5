using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>Data sets in blob storage; names are blob paths. Shards that are read from start to end are kept in the cache, if there is one.</summary>
/// <param name="blobs">Where they lie.</param>
/// <param name="cache">Copies on this machine; null: none.</param>
public sealed class BlobFiles(BlobStore blobs, ShardCache? cache = null) : IDataFiles
{
    private long _folderMarkerCount;

    /// <summary>How many blobs the listings so far have left out because they only stand for folders.</summary>
    public long FolderMarkerCount => Interlocked.Read(ref _folderMarkerCount);

    /// <inheritdoc/>
    public async IAsyncEnumerable<DataFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BlobEntry blob in blobs.ListAsync(PathOf(folder), count => Interlocked.Add(ref _folderMarkerCount, count), cancellationToken))
            yield return ToFile(blob);
    }

    /// <inheritdoc/>
    public async Task<DataFile?> FindAsync(string name, CancellationToken cancellationToken) =>
        await blobs.FindAsync(PathOf(name), cancellationToken) is { } blob ? ToFile(blob) : null;

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(DataFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (cache is not null && await cache.TryOpenAsync(file, offset, length, cancellationToken) is { } copy)
            return copy;
        Stream stream = blobs.OpenRange(new BlobEntry(PathOf(file.Name), file.Version, file.LengthBytes), offset, length);
        return cache is not null && offset == 0 && (length ?? file.LengthBytes) >= file.LengthBytes ? cache.Keep(file, stream) : stream;
    }

    /// <inheritdoc/>
    public async Task<DataFile> WriteAsync(string name, Stream content, CancellationToken cancellationToken) =>
        ToFile(await blobs.UploadAsync(PathOf(name), content, cancellation: cancellationToken));

    // Names come from listings and from the lists inside data sets too.
    private static BlobPath PathOf(string name)
    {
        if (BlobPath.TryParse(name, out BlobPath? path, out string? fault))
            return path;
        string? ofName = name.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase) && name[BlobPath.Scheme.Length..].Split('/', 3) is [_, _, var blob]
            ? BlobName.Fault(blob)
            : null;
        throw new ShardException(ofName is null ? fault : BlobName.CannotBeRequested(name, ofName));
    }

    private static DataFile ToFile(BlobEntry blob) => new($"{blob.Path}", blob.LengthBytes, blob.ETag);
}
