using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Kinds.Models;

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
internal sealed class FolderUpload(BlobStore blobs, BlobAccounts accounts, ModelStore models)
{
    private const int Parallelism = 16;

    // Well below the size from which the client sends a file in blocks.
    private const long SmallestInBlocks = 1 << 20;

    /// <summary>Uploads files under the names that they have relative to a folder; none, where one of them cannot be a blob's name.</summary>
    /// <exception cref="UserException">Names it, and says why.</exception>
    public async Task<UploadSummary> RunAsync(
        string folder, IReadOnlyList<UploadedFile> files, BlobPath target, TransferProgress progress, CancellationToken cancellation)
    {
        RefuseNames(folder, files, target);
        await blobs.CreateContainerAsync(target, cancellation);
        Dictionary<string, BlobItemProperties> existing = await ListAsync(target, cancellation);
        int uploaded = 0, skipped = 0;
        long bytes = 0;
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (file, token) =>
        {
            BlobPath blob = target.Combine(NameOf(folder, file));
            await using SteadyFile content = SteadyFile.Open(file.Path);
#pragma warning disable CA5351 // The service's checksum, against accidents; nobody is kept out by it.
            byte[] md5 = await MD5.HashDataAsync(content, token);
#pragma warning restore CA5351
            if (existing.TryGetValue(blob.Name, out BlobItemProperties? there) && there.ContentLength == content.Length && there.ContentHash is { } hash && hash.AsSpan().SequenceEqual(md5))
            {
                Interlocked.Increment(ref skipped);
            }
            else
            {
                content.Position = 0;
                await blobs.UploadAsync(blob, content, cancellation: token);
                if (content.Length >= SmallestInBlocks) await KeepHashAsync(blob, md5, token);
                Interlocked.Increment(ref uploaded);
                Interlocked.Add(ref bytes, content.Length);
            }
            progress.Add(file.LengthBytes);
        });
        return new UploadSummary(uploaded, skipped, bytes);
    }

    private void RefuseNames(string folder, IReadOnlyList<UploadedFile> files, BlobPath target)
    {
        // The target itself, or a folder above the store with files that would land in it.
        if (models.Holds(target) || files.Select(file => target.Combine(NameOf(folder, file))).FirstOrDefault(models.Holds) is not null)
        {
            throw new UserException(
                $"'{models.Root}' is the model store's, and files would be written there. `hrnet models add NAME FILE` puts a checkpoint there; other files go to another folder.",
                UserException.WrongRequest);
        }
        (string Name, string? Fault)[] refused = [.. files
            .Select(file => NameOf(folder, file))
            .Select(name => (name, BlobName.Fault(target.Combine(name).Name)))
            .Where(file => file.Item2 is not null)];
        if (refused.Length == 0) return;
        string named = string.Join("; ", refused.Take(5).Select(file => $"'{BlobName.Shown(file.Name)}' {file.Fault}"));
        throw new UserException(
            $"{refused.Length} of {Words.Count(files.Count, "file")} cannot be blobs under the names that they have, and nothing was uploaded: "
            + $"{named}{(refused.Length > 5 ? "; …" : "")}. Rename them, or leave them out.",
            UserException.WrongRequest);
    }

    private static string NameOf(string folder, UploadedFile file) => Path.GetRelativePath(folder, file.Path).Replace(Path.DirectorySeparatorChar, '/');

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
