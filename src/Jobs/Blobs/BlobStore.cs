using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Reads, writes and lists blobs by <see cref="BlobPath"/>. Every failure is a <see cref="BlobException"/> that names the blob;
/// transient ones were retried by the client first. Thread-safe.
/// </summary>
public sealed class BlobStore(BlobAccounts accounts, IOptions<BlobReadingOptions>? reading = null, TimeProvider? clock = null)
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <summary>What one open stream holds in memory, and reads in one request.</summary>
    private const int ReadBufferBytes = 4 << 20;

    /// <summary>
    /// Opens a blob as a seekable stream that reads it in ranges of 4 MiB, so that a slow reader holds no connection, a broken
    /// connection is resumed where it broke, and a blob replaced while it is read is an error instead of a mixture.
    /// With an <paramref name="etag"/> only that version is opened. The caller disposes the stream.
    /// </summary>
    public async Task<Stream> OpenReadAsync(BlobPath path, string? etag = null, CancellationToken cancellation = default)
    {
        var options = new BlobOpenReadOptions(allowModifications: false)
        {
            BufferSize = ReadBufferBytes,
            Conditions = etag is null ? null : new() { IfMatch = new ETag(etag) },
        };
        var inner = await Explained(path, "Reading", () => accounts.Blob(path).OpenReadAsync(options, cancellation), cancellation);
        return new ExplainedReadStream(inner, path);
    }

    /// <summary>How data sets are read.</summary>
    public BlobReadingOptions Reading { get; } = reading?.Value ?? new BlobReadingOptions();

    /// <summary>
    /// Opens a stretch of one version of a blob for reading forwards: several ranges are under way at once, a stalled or broken one is
    /// asked for again from the byte where it stopped. The caller disposes the stream.
    /// </summary>
    /// <param name="blob">What was listed or found.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many bytes; null: all to the end.</param>
    public Stream OpenRange(BlobEntry blob, long offset = 0, long? length = null) =>
        new BlobRangeStream(new BlobRangeReader(accounts.Blob(blob.Path), blob, Reading, _clock), offset, Math.Min(blob.LengthBytes, offset + (length ?? blob.LengthBytes)), Reading);

    /// <summary>Reads a whole small blob, only if it is still the version <paramref name="etag"/> (null: whichever it is).</summary>
    /// <param name="path">The blob.</param>
    /// <param name="etag">The version.</param>
    /// <param name="maximumBytes">Most that it may have.</param>
    /// <param name="room">Called with its length before memory is taken for it; may take its time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="BlobException">Also when the blob has more than <paramref name="maximumBytes"/>: nothing of it is read then.</exception>
    public Task<BlobContent> ReadAsync(
        BlobPath path, string? etag = null, long maximumBytes = 1 << 30, Func<long, Task>? room = null, CancellationToken cancellation = default) =>
        Explained(path, "Reading", async () =>
        {
            var options = new BlobDownloadOptions { Conditions = etag is null ? null : new() { IfMatch = new ETag(etag) } };
            using var download = (await accounts.Blob(path).DownloadStreamingAsync(options, cancellation)).Value;
            var length = download.Details.ContentLength;
            if (length > maximumBytes)
                throw new BlobException($"Reading '{path}': it has {length:N0} bytes, and at most {maximumBytes:N0} are read.", isTransient: false) { IsUnreadable = true };
            if (room is not null) await room(length);
            var bytes = new byte[length];
            await download.Content.ReadExactlyAsync(bytes, cancellation);
            return new BlobContent(bytes, download.Details.ETag.ToString("H"));
        }, cancellation);

    /// <summary>Copies a blob to a temporary file, which is deleted when the caller disposes the stream, and rewinds it.</summary>
    public async Task<FileStream> DownloadToTemporaryFileAsync(BlobPath path, string? etag = null, CancellationToken cancellation = default)
    {
        FileStream file = TemporaryFile.Create(Path.GetExtension(path.FileName));
        try
        {
            await using var blob = await OpenReadAsync(path, etag, cancellation);
            await blob.CopyToAsync(file, 1 << 20, cancellation);
            await file.FlushAsync(cancellation);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Writes a stream from its position to its end as a blob; every part travels with its MD5, and readers see the old bytes or the
    /// new ones, never a mixture. It replaces a blob of that name, unless <paramref name="replaces"/> says which version it may replace.
    /// </summary>
    /// <exception cref="BlobException">With <see cref="BlobException.IsChanged"/> where another version than <paramref name="replaces"/> is there.</exception>
    public async Task<BlobEntry> UploadAsync(BlobPath path, Stream content, Replaces? replaces = null, CancellationToken cancellation = default)
    {
        var start = content.CanSeek ? content.Position : 0;
        var options = new BlobUploadOptions
        {
            Conditions = replaces is null ? null
                : replaces.ETag is { } etag ? new() { IfMatch = new ETag(etag) }
                : new() { IfNoneMatch = ETag.All },
            HttpHeaders = new() { ContentType = ContentType(path) },
            TransferValidation = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
        };
        var response = await Explained(path, "Writing", () => accounts.Blob(path).UploadAsync(content, options, cancellation), cancellation);
        return new(path, response.Value.ETag.ToString("H"), content.CanSeek ? content.Position - start : -1);
    }

    /// <summary>
    /// Lists the blobs of a container, folder or <c>prefix*</c> in the order of their names, page by page as it is read; blobs that only
    /// stand for folders are left out.
    /// </summary>
    public IAsyncEnumerable<BlobEntry> ListAsync(BlobPath path, CancellationToken cancellation = default) => ListAsync(path, _ => { }, cancellation);

    /// <inheritdoc cref="ListAsync(BlobPath, CancellationToken)"/>
    /// <param name="path">What to list.</param>
    /// <param name="onFolderMarkers">Told how many blobs of a page were left out.</param>
    /// <param name="cancellation">Gives up.</param>
    public async IAsyncEnumerable<BlobEntry> ListAsync(
        BlobPath path, Action<int> onFolderMarkers, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? continuation = null;
        do
        {
            var page = await ListPageAsync(path, continuation, 5000, cancellation);
            if (page.FolderMarkerCount > 0) onFolderMarkers(page.FolderMarkerCount);
            foreach (var blob in page.Blobs) yield return blob;
            continuation = page.Continuation;
        }
        while (continuation is not null);
    }

    /// <summary>Lists one page of at most <paramref name="size"/> blobs (5,000 at most), from the start or from an earlier page's continuation.</summary>
    public Task<BlobPage> ListPageAsync(BlobPath path, string? continuation, int size, CancellationToken cancellation = default) =>
        Explained(path, "Listing", async () =>
        {
            var options = new GetBlobsOptions { Prefix = path.ListingPrefix, Traits = BlobTraits.Metadata };
            var container = accounts.Container(path);
            await foreach (var page in container.GetBlobsAsync(options, cancellation).AsPages(continuation, size))
            {
                var markers = await FolderMarkers.FindAsync(container, page.Values, cancellation);
                return new BlobPage(
                    [.. page.Values.Where(blob => !markers.Contains(blob.Name)).Select(blob => Entry(path, blob))],
                    string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken)
                { FolderMarkerCount = markers.Count };
            }
            return new BlobPage([], null);
        }, cancellation);

    /// <summary>Looks up a blob without reading it; null where there is none, or only one that stands for a folder.</summary>
    public async Task<BlobEntry?> FindAsync(BlobPath path, CancellationToken cancellation = default)
    {
        try
        {
            return await Explained<BlobEntry?>(path, "Looking for", async () =>
            {
                BlobProperties found = await accounts.Blob(path).GetPropertiesAsync(cancellationToken: cancellation);
                return await FolderMarkers.IsMarkerAsync(accounts.Container(path), path.Name, found, cancellation)
                    ? null
                    : new BlobEntry(path, found.ETag.ToString("H"), found.ContentLength);
            }, cancellation);
        }
        catch (BlobException e) when (e.IsMissing)
        {
            return null;
        }
    }

    /// <summary>Deletes a blob with its snapshots; false where it was not there.</summary>
    public async Task<bool> DeleteAsync(BlobPath path, CancellationToken cancellation = default) =>
        (await Explained(path, "Deleting", () => accounts.Blob(path).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellation), cancellation)).Value;

    /// <summary>Deletes a blob only if it is still the version <paramref name="etag"/>; false where it was not there.</summary>
    /// <exception cref="BlobException">With <see cref="BlobException.IsChanged"/> where another version is there.</exception>
    public async Task<bool> DeleteAsync(BlobPath path, string etag, CancellationToken cancellation = default) =>
        (await Explained(
            path, "Deleting",
            () => accounts.Blob(path).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, new BlobRequestConditions { IfMatch = new ETag(etag) }, cancellation),
            cancellation)).Value;

    /// <summary>Makes the container of a path where it does not exist.</summary>
    public async Task CreateContainerAsync(BlobPath path, CancellationToken cancellation = default)
    {
        // Asked first: an identity that may write blobs need not be allowed to create containers.
        var container = accounts.Container(path);
        await Explained(path, "Creating the container of", async () =>
        {
            if (!(await container.ExistsAsync(cancellation)).Value) await container.CreateIfNotExistsAsync(cancellationToken: cancellation);
            return true;
        }, cancellation);
    }

    /// <summary>Whether two paths lie in the same container, under whichever aliases.</summary>
    public bool AreInOneContainer(BlobPath one, BlobPath other) =>
        one.IsInContainerOf(other)
        || (one.Container == other.Container && accounts.Knows(one.Account) && accounts.Knows(other.Account)
            && accounts.Container(one).Uri == accounts.Container(other).Uri);

    private static BlobEntry Entry(BlobPath path, BlobItem blob) =>
        new(path with { Name = blob.Name }, blob.Properties.ETag!.Value.ToString("H"), blob.Properties.ContentLength ?? 0)
        {
            ModifiedAt = blob.Properties.LastModified,
        };

    private static async Task<T> Explained<T>(BlobPath path, string doing, Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (BlobException.IsFromService(e))
        {
            cancellation.ThrowIfCancellationRequested(); // giving up also shows as a broken connection
            throw BlobException.Explain(path, doing, e);
        }
    }

    private static string ContentType(BlobPath path) => Path.GetExtension(path.FileName).ToLowerInvariant() switch
    {
        ".json" => "application/json",
        ".jsonl" => "application/x-ndjson",
        ".csv" => "text/csv",
        ".parquet" => "application/vnd.apache.parquet",
        ".tar" => "application/x-tar",
        ".jpg" or ".jpeg" => "image/jpeg",
        ".png" => "image/png",
        ".gif" => "image/gif",
        ".webp" => "image/webp",
        _ => "application/octet-stream",
    };
}
