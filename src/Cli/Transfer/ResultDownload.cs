using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;

namespace HrNetBatch.Cli.Transfer;

/// <summary>Copies what a job's result names into a folder, and checks that it is what the job made.</summary>
internal sealed class ResultDownload(BlobStore blobs, ManifestStore manifests)
{
    private const int Parallelism = 8;

    // Others may lie in the same folder, which may be a run's.
    private static readonly string[] ReportParts = ["report.json*", "classes.csv*", "confusion.csv*", "mistakes.json*", "mistakes/"];

    private readonly List<BlobPath> _gone = [];

    /// <summary>Copies every blob among the result's fields, the parts that a manifest lists, and what belongs to a report.</summary>
    /// <returns>How many files were written.</returns>
    /// <exception cref="UserException">Something is gone, damaged or another job's, or cannot be a file in the folder; the message says which.</exception>
    public async Task<int> RunAsync(Guid job, JsonElement result, string folder, CancellationToken cancellation)
    {
        var files = new Dictionary<string, ResultFile>(StringComparer.Ordinal);
        foreach (JsonProperty field in result.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.String || !BlobPath.TryParse(field.Value.GetString(), out BlobPath? path, out _)) continue;
            await foreach (ResultFile file in FilesOfAsync(job, path, cancellation))
            {
                string name = LocalName.Inside(folder, file.Name);
                // Two blobs of one name in different folders, as an export and its checkpoint may be.
                if (files.TryGetValue(name, out ResultFile? other) && other.Blob != file.Blob) name = LocalName.Inside(folder, $"{field.Name}/{file.Name}");
                files[name] = file;
            }
        }

        var progress = new TransferProgress(files.Count, files.Values.Sum(file => file.LengthBytes));
        // A manifest says that its parts are there: it comes after them.
        foreach (IGrouping<bool, KeyValuePair<string, ResultFile>> turn in files.GroupBy(file => file.Value.IsManifest).OrderBy(turn => turn.Key))
        {
            await progress.ShowAsync("Downloading", Parallel.ForEachAsync(
                turn, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (pair, token) =>
                {
                    await DownloadAsync(pair.Value, pair.Key, token);
                    progress.Add(pair.Value.LengthBytes);
                }));
        }
        if (_gone.Count > 0)
        {
            throw new UserException(
                $"Of what the result names, somebody deleted or moved {string.Join(", ", _gone.Select(blob => $"'{blob}'"))}. The rest is in {folder}.");
        }
        return files.Count;
    }

    private IAsyncEnumerable<ResultFile> FilesOfAsync(Guid job, BlobPath path, CancellationToken cancellation) => path.FileName switch
    {
        "manifest.json" => OutputAsync(job, path, cancellation),
        "report.json" => ReportAsync(path, cancellation),
        _ => BlobAsync(path, cancellation),
    };

    private async IAsyncEnumerable<ResultFile> OutputAsync(Guid job, BlobPath path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (Manifest manifest, string etag) = await manifests.ReadResultAsync(path, job, cancellation)
            ?? throw new UserException(
                $"The manifest '{path}' is gone: somebody deleted the results of job {job}. Submit the job again to have them made anew.");
        BlobPath output = path with { Name = path.Name[..^path.FileName.Length] };
        if (manifest.Job != job)
        {
            throw new UserException(
                $"The results of job {job} are gone: job {manifest.Job} has replaced them in '{output}'. "
                + $"`hrnet results {manifest.Job} --download DIR` fetches those that lie there now.");
        }
        foreach (Part part in manifest.Parts)
            yield return new ResultFile(output with { Name = output.Name + part.Name }, part.Name, part.Bytes) { Sha256 = part.Sha256 };
        yield return new ResultFile(path, path.FileName, 0) { ETag = etag, IsManifest = true };
    }

    private async IAsyncEnumerable<ResultFile> ReportAsync(BlobPath path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        BlobPath output = path with { Name = path.Name[..^path.FileName.Length] };
        foreach (string part in ReportParts)
        {
            await foreach (BlobEntry entry in blobs.ListAsync(output with { Name = output.Name + part }, cancellation))
                yield return new ResultFile(entry.Path, entry.Path.Name[output.Name.Length..], entry.LengthBytes);
        }
    }

    private async IAsyncEnumerable<ResultFile> BlobAsync(BlobPath path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (path.NamesMany) yield break; // a folder that a job was given
        if (await blobs.FindAsync(path, cancellation) is { } blob) yield return new ResultFile(path, path.FileName, blob.LengthBytes);
        else _gone.Add(path);
    }

    private async Task DownloadAsync(ResultFile source, string file, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        string partial = file + ".part";
        try
        {
            await using (Stream content = await blobs.OpenReadAsync(source.Blob, source.ETag, cancellation))
            await using (FileStream target = File.Create(partial))
            {
                await content.CopyToAsync(target, cancellation);
                if (source.Sha256 is { } recorded)
                {
                    target.Position = 0;
                    string sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(target, cancellation));
                    if (sha256 != recorded)
                    {
                        throw new UserException(
                            $"'{source.Blob}' is damaged or was replaced: its SHA-256 is {sha256}, and the manifest says {recorded}. "
                            + "Restore that blob, or submit the job again.");
                    }
                }
            }
            File.Move(partial, file, overwrite: true);
        }
        catch (BlobException e) when (e.IsMissing || e.IsChanged)
        {
            throw new UserException(
                $"'{source.Blob}', which the manifest or the result names, is gone or was replaced just now. "
                + "If the job's failed items are being retried, run the command again; else somebody deleted it.");
        }
        finally
        {
            if (File.Exists(partial)) File.Delete(partial);   // else this fault would stand in the place of the first
        }
    }

    /// <summary>A blob to copy.</summary>
    /// <param name="Blob">Where it is.</param>
    /// <param name="Name">Its name in the folder.</param>
    /// <param name="LengthBytes">Its size.</param>
    private sealed record ResultFile(BlobPath Blob, string Name, long LengthBytes)
    {
        /// <summary>What its bytes must hash to; null: nobody recorded it.</summary>
        public string? Sha256 { get; init; }

        /// <summary>The version that was read; null: any.</summary>
        public string? ETag { get; init; }

        /// <summary>Whether it says that the others are there.</summary>
        public bool IsManifest { get; init; }
    }
}
