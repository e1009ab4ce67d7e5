using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds.Execution;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// The run's curves as files beside its checkpoints: <c>log.jsonl</c>, and an event file for TensorBoard. They are made anew from the ledger
/// each time, so that after any number of interruptions they say what the ledger says, each step once. Ten thousand points are 1 MB.
/// </summary>
internal sealed class RunFiles
{
    /// <summary>The JSON lines.</summary>
    public const string LogName = "log.jsonl";

    private readonly AttemptContext _attempt;
    private readonly FencedBlob _log, _events;

    private RunFiles(AttemptContext attempt, FencedBlob log, FencedBlob events) => (_attempt, _log, _events) = (attempt, log, events);

    /// <summary>Takes the files over from the job's earlier attempts.</summary>
    /// <exception cref="Jobs.Contracts.JobException">Another job's files stand there; permanent.</exception>
    public static async Task<RunFiles> ClaimAsync(BlobAccounts accounts, BlobPath folder, AttemptContext attempt, CancellationToken cancellation)
    {
        Task<FencedBlob> Claim(string name) => FencedBlob.ClaimAsync(accounts, folder.Combine(name), attempt.Lease, cancellation);
        return new RunFiles(attempt, await Claim(LogName), await Claim(EventFile.NameOf(attempt.Lease.JobId)));
    }

    /// <summary>Writes what the ledger knows of the run. A crash in here, or before it, leaves older files until the next refresh.</summary>
    public async Task RefreshAsync()
    {
        IReadOnlyList<RecordedPoint> points = await _attempt.ReadMetricsAsync(CancellationToken.None);
        await WriteAsync(_log, stream => RunLog.Write(stream, points));
        await WriteAsync(_events, stream => EventFile.Write(stream, points));
    }

    private async Task WriteAsync(FencedBlob blob, Action<Stream> write)
    {
        using var content = new MemoryStream();
        write(content);
        content.Position = 0;
        await blob.WriteAsync(content, _attempt.CheckLeaseAsync, CancellationToken.None);
    }
}
