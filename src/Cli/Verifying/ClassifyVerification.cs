using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Terminal;

namespace HrNetBatch.Cli.Verifying;

/// <summary>
/// Proves that the result of a finished classify job has exactly one row for each blob of its input, by what lies in storage alone: listings,
/// manifest, hashes and rows are read here with none of the code that wrote them.
/// </summary>
internal sealed partial class ClassifyVerification(BlobAccounts accounts, Job job, PinnedCheckpoint? pinned, long ledgerFailedCount)
{
    private readonly Verification _found = new();

    // What the rows say, by the hash of the blob's name: some fifty bytes a blob, whatever its name.
    private readonly Dictionary<UInt128, ulong> _etags = [];
    private readonly HashSet<UInt128> _failed = [];

    /// <summary>Looks at everything.</summary>
    /// <exception cref="BlobException">Storage does not answer.</exception>
    public async Task<Verification> RunAsync(CancellationToken cancellation)
    {
        JsonElement result = job.Result!.Value;
        BlobPath manifestPath = BlobPath.Parse(result.GetProperty("manifest").GetString()!);
        if (await DownloadAsync(manifestPath, cancellation) is not { } bytes)
        {
            _found.Find($"The manifest {manifestPath} is gone");
            return _found;
        }
        try
        {
            await CompareAsync(result, manifestPath, JsonSerializer.Deserialize<JsonElement>(bytes), cancellation);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            _found.Find($"{manifestPath} is damaged: it is no manifest of a classify job");
        }
        return _found;
    }

    private async Task CompareAsync(JsonElement result, BlobPath manifestPath, JsonElement manifest, CancellationToken cancellation)
    {
        if (manifest.GetProperty("job").GetGuid() is var owner && owner != job.Id)
        {
            _found.Find($"{manifestPath} is the manifest of job {owner}: its results have replaced those of this job");
            return;
        }

        BlobPath output = manifestPath with { Name = manifestPath.Name[..^manifestPath.FileName.Length] };
        await CompareOriginAsync(manifest, output, cancellation);
        (long rowCount, long failedCount, HashSet<string> parts) = await ReadPartsAsync(manifest, output, cancellation);
        Compare(manifest, result, rowCount, failedCount, parts.Count);
        await FindOrphansAsync(output, parts, cancellation);
        await CompareInputAsync(BlobPath.Parse(job.Arguments.GetProperty("input").GetString()!), manifest, cancellation);
    }

    // What the job was asked for, and what it classified with, as the ledger knows them.
    private async Task CompareOriginAsync(JsonElement manifest, BlobPath output, CancellationToken cancellation)
    {
        _found.Expect(Folder("input", job.Arguments), Folder("input", manifest), "The manifest's input, against the job's");
        _found.Expect(job.Arguments.GetProperty("format").GetString(), manifest.GetProperty("format").GetString(), "The manifest's format, against the job's");
        _found.Expect(job.Arguments.GetProperty("topK").GetInt32(), manifest.GetProperty("topK").GetInt32(), "The manifest's topK, against the job's");
        if (pinned is not null)
        {
            _found.Expect(pinned.Checkpoint, manifest.GetProperty("checkpoint").GetString(), "The manifest's checkpoint, against the ledger's");
            if (pinned.Sha256 is not null)
                _found.Expect(pinned.Sha256, manifest.GetProperty("checkpointSha256").GetString(), "The manifest's checkpointSha256, against the ledger's");
        }
        BlobPath ownerPath = output with { Name = output.Name + "job.json" };
        if (await DownloadAsync(ownerPath, cancellation) is not { } bytes || JsonSerializer.Deserialize<JsonElement>(bytes).GetProperty("job").GetGuid() != job.Id)
            _found.Find($"{ownerPath} does not say that the output is this job's");
    }

    // …/2026 and …/2026/ are one folder.
    private static string? Folder(string field, JsonElement of) => of.GetProperty(field).GetString()?.TrimEnd('/');

    private async Task<(long Rows, long Failed, HashSet<string> Parts)> ReadPartsAsync(JsonElement manifest, BlobPath output, CancellationToken cancellation)
    {
        string format = job.Arguments.GetProperty("format").GetString()!;
        long before = _found.FindingCount, rowCount = 0, failedCount = 0, byteCount = 0;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement part in manifest.GetProperty("parts").EnumerateArray())
        {
            string name = part.GetProperty("name").GetString()!;
            if (!PartNames().IsMatch(name))
            {
                _found.Find($"The manifest lists {Printable.Line(name)}, which is no part's name");
                continue;
            }
            BlobPath path = output with { Name = output.Name + name };
            if (!names.Add(name)) _found.Find($"The manifest lists {name} twice");
            if (await DownloadAsync(path, cancellation) is not { } content)
            {
                _found.Find($"{path} is gone, with {Words.Count(part.GetProperty("rowCount").GetInt64(), "row")}");
                continue;
            }
            byteCount += content.Length;
            _found.Expect(part.GetProperty("bytes").GetInt64(), content.LongLength, $"{path}: bytes");
            _found.Expect(part.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(content)), $"{path}: SHA-256");
            try
            {
                IReadOnlyList<PartRow> rows = await PartReader.ReadAsync(new MemoryStream(content), format, cancellation);
                _found.Expect(part.GetProperty("rowCount").GetInt32(), rows.Count, $"{path}: rows");
                rowCount += rows.Count;
                failedCount += rows.Count(Take);
            }
            catch (InvalidDataException error)
            {
                _found.Find($"{path} cannot be read as {format}: {error.Message}");
            }
        }
        if (_found.FindingCount == before) _found.Facts.Add($"{Words.Count(names.Count, "part")} of {Words.Bytes(byteCount)}, their SHA-256 checked");
        return (rowCount, failedCount, names);
    }

    // Whether the row is a failed item's.
    private bool Take(PartRow row)
    {
        if (row.Fault is not null) _found.Find($"The row of {BlobName.Shown(row.Name)} {row.Fault}");
        if (row.HasClass == (row.Error is not null)) _found.Find($"The row of {BlobName.Shown(row.Name)} has {(row.HasClass ? "both a class and an error" : "neither a class nor an error")}");
        UInt128 key = Key(row.Name);
        if (!_etags.TryAdd(key, Short(row.ETag))) _found.Find($"{BlobName.Shown(row.Name)} has more than one row");
        if (row.Error is not null) _failed.Add(key);
        return row.Error is not null;
    }

    private void Compare(JsonElement manifest, JsonElement result, long rowCount, long failedCount, int partCount)
    {
        long before = _found.FindingCount;
        _found.Expect(manifest.GetProperty("blobCount").GetInt64(), rowCount, "Rows in all parts, against the blobs of the manifest");
        _found.Expect(manifest.GetProperty("failedCount").GetInt64(), failedCount, "Rows with an error, against the manifest");
        _found.Expect(manifest.GetProperty("rowCount").GetInt64(), rowCount - failedCount, "Rows with a class, against the manifest");
        _found.Expect(result.GetProperty("rows").GetInt64(), rowCount - failedCount, "Rows with a class, against the job's result");
        _found.Expect(result.GetProperty("failed").GetInt64(), failedCount, "Rows with an error, against the job's result");
        _found.Expect(result.GetProperty("parts").GetInt64(), partCount, "Parts, against the job's result");
        _found.Expect(ledgerFailedCount, failedCount, "Rows with an error, against the ledger's failed items");
        if (_found.FindingCount == before) _found.Facts.Add($"{Words.Count(rowCount, "row")}, {Words.Count(failedCount)} of them with an error; manifest, result and ledger agree on them");
    }

    private async Task FindOrphansAsync(BlobPath output, HashSet<string> parts, CancellationToken cancellation)
    {
        string own = job.Id.ToString("n");
        await foreach (BlobItem blob in ListAsync(output with { Name = output.Name + "parts/" }, cancellation))
        {
            string name = blob.Name[output.Name.Length..];
            if (name.Contains(own, StringComparison.Ordinal) && !parts.Contains(name)) _found.Find($"{output with { Name = blob.Name }} is an orphan: this job wrote it, and its manifest does not name it");
        }
    }

    private async Task CompareInputAsync(BlobPath input, JsonElement manifest, CancellationToken cancellation)
    {
        long before = _found.FindingCount, listed = 0, markers = 0, added = 0, changed = 0;
        BlobContainerClient container = accounts.Container(input);
        await foreach (BlobItem blob in ListAsync(input, cancellation))
        {
            UInt128 key = Key(blob.Name);
            bool hasRow = _etags.Remove(key, out ulong etag);
            if (!hasRow && await IsFolderAsync(container, blob, cancellation))
            {
                markers++;
                continue;
            }
            listed++;
            if (!hasRow)
            {
                if (blob.Properties.CreatedOn > job.CreatedAt || blob.Properties.LastModified > job.CreatedAt) added++;
                else _found.Find($"{BlobName.Shown(blob.Name)} has no row, and was there before the job was submitted");
            }
            else if (etag != Short(blob.Properties.ETag?.ToString("H") ?? "") && !_failed.Contains(key))
            {
                if (blob.Properties.LastModified > job.CreatedAt) changed++;
                else _found.Find($"The row of {BlobName.Shown(blob.Name)} is of a version that was replaced before the job was submitted");
            }
        }
        if (_found.FindingCount == before) _found.Facts.Add($"{Words.Count(listed, "blob")} in {input}{(markers > 0 ? $" besides {Words.Count(markers)} that stand for folders" : "")}, each compared with its row");
        if (_etags.Count > 0) _found.Remarks.Add($"Rows whose blobs are not there any more: {Words.Count(_etags.Count)}");
        if (added > 0) _found.Remarks.Add($"Blobs without a row that were written after the job was submitted: {Words.Count(added)}");
        if (changed > 0) _found.Remarks.Add($"Blobs that were replaced after the job was submitted, whose rows are of the versions before: {Words.Count(changed)}");
        if (listed > 0 && _etags.Count == manifest.GetProperty("blobCount").GetInt64()) _found.Find($"No row is of a blob in {input}");
    }

    // A blob of a hierarchical namespace, an empty one that ends in a slash, or an empty one called like a folder that has blobs.
    private static async Task<bool> IsFolderAsync(BlobContainerClient container, BlobItem blob, CancellationToken cancellation)
    {
        if (blob.Properties.ContentLength > 0) return false;
        if (blob.Name.EndsWith('/') || (blob.Metadata?.Any(pair => string.Equals(pair.Key, "hdi_isfolder", StringComparison.OrdinalIgnoreCase) && pair.Value == "true") ?? false)) return true;
        await foreach (BlobItem _ in container.GetBlobsAsync(new GetBlobsOptions { Prefix = blob.Name + "/" }, cancellation)) return true;
        return false;
    }

    private AsyncPageable<BlobItem> ListAsync(BlobPath path, CancellationToken cancellation) =>
        accounts.Container(path).GetBlobsAsync(new GetBlobsOptions { Prefix = path.ListingPrefix, Traits = BlobTraits.Metadata }, cancellation);

    private async Task<byte[]?> DownloadAsync(BlobPath path, CancellationToken cancellation)
    {
        try
        {
            return (await accounts.Blob(path).DownloadContentAsync(cancellation)).Value.Content.ToArray();
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^parts/(part|errors)-[0-9a-f-]+\.(parquet|jsonl|csv)\z")]
    private static partial Regex PartNames();

    private static UInt128 Key(string name) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(name));

    private static ulong Short(string etag) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(etag.Trim('"')));
}
