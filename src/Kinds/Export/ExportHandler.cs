using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Export;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Export;

/// <summary>Writes a checkpoint as a blob of another kind. It is short and keeps nothing: an attempt that is cut off costs its time, and the next begins anew.</summary>
public sealed class ExportHandler(BlobAccounts accounts, BlobStore blobs, JobCheckpoints checkpoints) : IJobHandler
{
    /// <inheritdoc/>
    public async Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        var arguments = attempt.ArgumentsAs<ExportArguments>();
        LibTorch.Load();
        set_num_threads(attempt.ThreadCount);
        var doing = new Activities(attempt);

        // 1. Looked at before the work, so that nobody waits for a refusal.
        BlobPath path = BlobPath.Parse(arguments.Output);
        checkpoints.Models.RequireOutside(path, "output");
        await blobs.CreateContainerAsync(path, stop);
        ExportedBlob output = await ExportedBlob.FindAsync(accounts, path, attempt.Lease, arguments, stop);

        doing.Report("reading the checkpoint");
        using LoadedCheckpoint source = await checkpoints.LoadAsync(attempt.Lease, arguments.Checkpoint, stop);
        if (BlobPath.Parse(source.Source.Path) is var read && read.Name == path.Name && blobs.AreInOneContainer(read, path))
            throw new JobException($"output: '{path}' is the checkpoint itself. Give it another name and submit the job again.");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hrnet-");   // which nobody else can look into
        string file = Path.Combine(folder.FullName, $"exported{Path.GetExtension(path.FileName)}");
        try
        {
            // 2. A crash before the upload leaves nothing in the storage: the blob appears whole, and checked, or not at all.
            ExportOptions options = arguments.ToOptions(source, attempt.ThreadCount);
            ExportReport report = await Task.Run(() => CheckpointExport.Write(source.Checkpoint, file, options, doing, stop), stop);
            doing.Report("uploading");
            await output.WriteAsync(file, attempt.CheckLeaseAsync, stop);

            // 3. A crash from here on costs one more export: the next attempt finds its own blob, and replaces it by the same bytes.
            await attempt.ReportProgressAsync(1, 1, "exported", CancellationToken.None);
            return Outcome.Success(new ExportResult(
                $"{path}", report.Format, report.Variant, report.ClassCount, report.ImageSize, report.Bytes, report.Sha256,
                report.MaxDifference, report.MaxDifferenceShare,
                source.Source.Checkpoint, report.SourceSha256, report.Remarks));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Tells the ledger what is going on.</summary>
    private sealed class Activities(AttemptContext attempt) : IProgress<string>
    {
        public void Report(string value) => attempt.ReportProgressAsync(0, null, value).GetAwaiter().GetResult();
    }
}
