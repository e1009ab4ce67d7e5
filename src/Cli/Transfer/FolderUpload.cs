using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Cli.Transfer;

/// <summary>What an upload did.</summary>
/// <param name="Uploaded">Files written.</param>
/// <param name="Skipped">Files whose blob was equal already.</param>
/// <param name="Bytes">Bytes written.</param>
internal sealed record UploadSummary(int Uploaded, int Skipped, long Bytes);

/// <summary>A file to upload.</summary>
/// <param name="Path">Where it is: a file, or a link to one.</param>
/// <param name="LengthBytes">Its size, of a link that of the file that it leads to.</param>
internal sealed record UploadedFile(string Path, long LengthBytes);

/// <summary>Copies a folder into a container, many files at once, leaving blobs that are equal already.</summary>
internal sealed class FolderUpload(BlobStore blobs, BlobAccounts accounts)
{
    private const int Parallelism = 16;

    // Well below the size from which the client sends a file in blocks.
    private const long SmallestInBlocks = 1 << 20;

    /// <summary>Uploads files under the names that they have relative to a folder.</summary>
    public async Task<UploadSummary> RunAsync(
        string folder, IReadOnlyList<UploadedFile> files, BlobPath target, TransferProgress progress, CancellationToken cancellation)
    {
        await blobs.CreateContainerAsync(target, cancellation);
        Dictionary<string, BlobItemProperties> existing = await ListAsync(target, cancellation);
        int uploaded = 0, skipped = 0;
        long bytes = 0;
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (file, token) =>
        {
            string name = Path.GetRelativePath(folder, file.Path).Replace(Path.DirectorySeparatorChar, '/');
            BlobPath blob = target.Combine(name);
            byte[] md5;
#pragma warning disable CA5351 // The service's checksum, against accidents; nobody is kept out by it.
            await using (FileStream content = File.OpenRead(file.Path)) md5 = await MD5.HashDataAsync(content, token);
#pragma warning restore CA5351
            if (existing.TryGetValue(blob.Name, out BlobItemProperties? there) && there.ContentLength == file.LengthBytes && there.ContentHash is { } hash && hash.AsSpan().SequenceEqual(md5))
            {
                Interlocked.Increment(ref skipped);
            }
            else
            {
                await blobs.UploadFileAsync(blob, file.Path, token);
                if (file.LengthBytes >= SmallestInBlocks) await KeepHashAsync(blob, md5, token);
                Interlocked.Increment(ref uploaded);
                Interlocked.Add(ref bytes, file.LengthBytes);
            }
            progress.Add(file.LengthBytes);
        });
        return new UploadSummary(uploaded, skipped, bytes);
    }

    private async Task<Dictionary<string, BlobItemProperties>> ListAsync(BlobPath target, CancellationToken cancellation)
    {
        BlobContainerClient container = accounts.Container(target);
        var existing = new Dictionary<string, BlobItemProperties>(StringComparer.Ordinal);
        await foreach (BlobItem blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = target.ListingPrefix }, cancellation))
            existing[blob.Name] = blob.Properties;
        return existing;
    }

    /// <summary>The service keeps a hash only of blobs that came in one request; large ones came in blocks.</summary>
    private async Task KeepHashAsync(BlobPath blob, byte[] md5, CancellationToken cancellation)
    {
        BlobClient client = accounts.Blob(blob);
        BlobProperties properties = await client.GetPropertiesAsync(cancellationToken: cancellation);
        if (properties.ContentHash is not null) return;
        await client.SetHttpHeadersAsync(new BlobHttpHeaders { ContentHash = md5, ContentType = properties.ContentType }, cancellationToken: cancellation);
    }
}
