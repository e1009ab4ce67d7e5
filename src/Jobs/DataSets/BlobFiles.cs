using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Jobs.DataSets;

/// <summary>Data sets in blob storage; names are blob paths. Shards that are read from start to end are kept in the cache, if there is one.</summary>
/// <param name="blobs">Where they lie.</param>
/// <param name="cache">Copies on this machine; null: none.</param>
public sealed class BlobFiles(BlobStore blobs, ShardCache? cache = null) : IDataFiles
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<DataFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BlobEntry blob in blobs.ListAsync(BlobPath.Parse(folder), cancellationToken))
            yield return ToFile(blob);
    }

    /// <inheritdoc/>
    public async Task<DataFile?> FindAsync(string name, CancellationToken cancellationToken) =>
        await blobs.FindAsync(BlobPath.Parse(name), cancellationToken) is { } blob ? ToFile(blob) : null;

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(DataFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (cache is not null && await cache.TryOpenAsync(file, offset, length, cancellationToken) is { } copy)
            return copy;
        Stream stream = blobs.OpenRange(new BlobEntry(BlobPath.Parse(file.Name), file.Version, file.LengthBytes), offset, length);
        return cache is not null && offset == 0 && (length ?? file.LengthBytes) >= file.LengthBytes ? cache.Keep(file, stream) : stream;
    }

    /// <inheritdoc/>
    public async Task<DataFile> WriteAsync(string name, Stream content, CancellationToken cancellationToken) =>
        ToFile(await blobs.UploadAsync(BlobPath.Parse(name), content, cancellation: cancellationToken));

    private static DataFile ToFile(BlobEntry blob) => new($"{blob.Path}", blob.LengthBytes, blob.ETag);
}
