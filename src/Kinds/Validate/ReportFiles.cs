using System.Text.Encodings.Web;
using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Kinds.Validate;

/// <summary>
/// The files of a report in a folder of their own: <c>confusion.csv</c>, <c>classes.csv</c>, <c>mistakes.json</c> with <c>mistakes/NNNN.jpg</c>,
/// and last <c>report.json</c>: where it stands, all the others do.
/// </summary>
internal sealed class ReportFiles
{
    /// <summary>The file that says that all are there.</summary>
    public const string ReportName = "report.json";

    private static readonly JsonSerializerOptions Json = new(ValidationReport.Json) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly BlobStore _blobs;
    private readonly BlobPath _folder;
    private readonly AttemptContext _attempt;
    private readonly FencedBlob _report;

    private ReportFiles(BlobStore blobs, BlobPath folder, AttemptContext attempt, FencedBlob report) =>
        (_blobs, _folder, _attempt, _report) = (blobs, folder, attempt, report);

    /// <summary>Where the report will stand.</summary>
    public BlobPath ReportPath => _report.Path;

    /// <summary>Takes the folder over from the job's earlier attempts.</summary>
    /// <exception cref="Jobs.Contracts.JobException">Another job's report stands there; permanent.</exception>
    public static async Task<ReportFiles> ClaimAsync(BlobAccounts accounts, BlobStore blobs, BlobPath folder, AttemptContext attempt, CancellationToken cancellation)
    {
        await blobs.CreateContainerAsync(folder, cancellation);
        return new ReportFiles(blobs, folder, attempt, await FencedBlob.ClaimAsync(accounts, folder.Combine(ReportName), attempt.Lease, cancellation));
    }

    /// <summary>Writes all files. A crash in here leaves some of them and no report; the next attempt writes the same bytes again.</summary>
    public async Task WriteAsync(ValidationReport report, IReadOnlyList<Mistake> mistakes, CancellationToken cancellation)
    {
        await _attempt.CheckLeaseAsync();
        foreach ((MistakeRow row, Mistake mistake) in report.Mistakes.Zip(mistakes))
        {
            if (row.Image is { } name)
                await UploadAsync(name, mistake.Image!, cancellation);
        }
        await UploadAsync("mistakes.json", JsonSerializer.SerializeToUtf8Bytes(report.Mistakes, Json), cancellation);
        await UploadAsync("classes.csv", ReportTables.Classes(report), cancellation);
        await UploadAsync("confusion.csv", ReportTables.Confusion(report), cancellation);
        using var content = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(report, Json));
        await _report.WriteAsync(content, _attempt.CheckLeaseAsync, cancellation);
    }

    private async Task UploadAsync(string name, byte[] bytes, CancellationToken cancellation)
    {
        using var content = new MemoryStream(bytes);
        await _blobs.UploadAsync(_folder.Combine(name), content, cancellation: cancellation);
        _attempt.Worked();
    }
}
