using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;

namespace HrNetBatch.Dashboard.Api;

/// <summary>An image as the browser gets it.</summary>
internal sealed record ImageFile(byte[] Bytes, string ContentType);

/// <summary>The questions about runs: which there are, what their validations found, and the images of their mistakes.</summary>
internal sealed class ReportQueries(MetricStore metrics, RunStore runs, BlobStore blobs)
{
    /// <summary>Runs on a page; there is one page, because who compares looks at the newest or at a tag.</summary>
    public const int RunsOnPage = 100;

    private const long LargestImage = 32 << 20;

    // What browsers show, and nothing that could hold a script.
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        [".jpg"] = "image/jpeg",
        [".png"] = "image/png",
        [".webp"] = "image/webp",
        [".gif"] = "image/gif",
    };

    public async Task<ValidationReport?> FindAsync(Guid job, CancellationToken cancellation) =>
        await metrics.FindReportAsync(job, cancellation) is { } json ? Parse(json) : null;

    public Task<IReadOnlyList<Run>> RunsAsync(string? tag, CancellationToken cancellation) => runs.ListAsync(tag, limit: RunsOnPage, cancellation: cancellation);

    public Task<IReadOnlyList<Run>> RunsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellation) => runs.FindAsync(ids, cancellation);

    public Task<IReadOnlyList<string>> TagsAsync(Guid job, CancellationToken cancellation) => runs.TagsAsync(job, cancellation);

    /// <summary>The image of a mistake, by its number from 1; null where there is none, or storage does not give it.</summary>
    public async Task<ImageFile?> MistakeAsync(Guid job, int number, CancellationToken cancellation)
    {
        // Only what the job's own report names is read, whatever the request says.
        if (await FindAsync(job, cancellation) is not { Output: { } output } report || number < 1 || number > report.Mistakes.Count
            || report.Mistakes[number - 1].Image is not { } name || !ContentTypes.TryGetValue(Path.GetExtension(name), out string? type)
            || !BlobPath.TryParse(output, out BlobPath? folder, out _))
            return null;
        try
        {
            return new ImageFile((await blobs.ReadAsync(folder.Combine(name), maximumBytes: LargestImage, cancellation: cancellation)).Bytes, type);
        }
        catch (BlobException)
        {
            return null;   // the page shows the mistake without its image
        }
    }

    // A report that a later version wrote in another form is not shown, and the page is.
    private static ValidationReport? Parse(JsonElement json)
    {
        try
        {
            return ValidationReport.Of(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
