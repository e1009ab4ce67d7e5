using System.Text.Json;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Cli.Transfer;

/// <summary>Copies what a job's result names into a folder.</summary>
internal sealed class ResultDownload(BlobStore blobs)
{
    private const int Parallelism = 8;

    // Others may lie in the same folder, which may be a run's.
    private static readonly string[] ReportParts = ["report.json*", "classes.csv*", "confusion.csv*", "mistakes.json*", "mistakes/"];

    /// <summary>Copies every blob among the result's fields, everything beside a manifest, and what belongs to a report.</summary>
    /// <returns>How many files were written.</returns>
    public async Task<int> RunAsync(JsonElement result, string folder, CancellationToken cancellation)
    {
        var found = new Dictionary<BlobPath, (string Name, long LengthBytes)>();
        foreach (JsonProperty field in result.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.String || !BlobPath.TryParse(field.Value.GetString(), out BlobPath? path, out _)) continue;
            if (path.FileName == "manifest.json")
            {
                BlobPath output = path with { Name = path.Name[..^path.FileName.Length] };
                await foreach (BlobEntry entry in blobs.ListAsync(output, cancellation))
                    found[entry.Path] = (entry.Path.Name[output.Name.Length..], entry.LengthBytes);
            }
            else if (path.FileName == "report.json")
            {
                BlobPath output = path with { Name = path.Name[..^path.FileName.Length] };
                foreach (string part in ReportParts)
                    await foreach (BlobEntry entry in blobs.ListAsync(output with { Name = output.Name + part }, cancellation))
                        found[entry.Path] = (entry.Path.Name[output.Name.Length..], entry.LengthBytes);
            }
            else if (await blobs.FindAsync(path, cancellation) is { } blob)
            {
                found.TryAdd(path, (path.FileName, blob.LengthBytes));
            }
        }

        var progress = new TransferProgress(found.Count, found.Values.Sum(file => file.LengthBytes));
        await progress.ShowAsync("Downloading", Parallel.ForEachAsync(
            found, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (pair, token) =>
            {
                await DownloadAsync(pair.Key, Path.Combine(folder, pair.Value.Name), token);
                progress.Add(pair.Value.LengthBytes);
            }));
        return found.Count;
    }

    private async Task DownloadAsync(BlobPath blob, string file, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        string partial = file + ".part";
        await using (Stream content = await blobs.OpenReadAsync(blob, cancellation: cancellation))
        await using (FileStream target = File.Create(partial))
            await content.CopyToAsync(target, cancellation);
        File.Move(partial, file, overwrite: true);
    }
}
