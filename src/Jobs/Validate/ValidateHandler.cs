using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Checkpoints;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.DataSets;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Validate;

/// <summary>Measures a checkpoint on labelled shards. It is short and keeps nothing: an attempt that is cut off costs its time, and the next begins anew.</summary>
public sealed class ValidateHandler(BlobStore blobs, JobCheckpoints checkpoints) : IJobHandler
{
    private const int BatchesBetweenReports = 10;

    /// <inheritdoc/>
    public async Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        var arguments = attempt.ArgumentsAs<ValidateArguments>();
        LibTorch.Load();
        set_num_threads(attempt.ThreadCount);
        ShardSet shards = await ShardSet.FindAsync(blobs, arguments.Data, attempt.Logger, stop);
        using LoadedCheckpoint loaded = await checkpoints.LoadAsync(attempt.Lease, arguments.Checkpoint, stop);
        using HrNet network = StoredCheckpoint.NetworkOf(loaded.Checkpoint, attempt.Logger);
        network.to(device(attempt.Device));
        network.ToChannelsLast();

        var options = new BatchLoaderOptions
        {
            BatchSize = arguments.BatchSize,
            ImageSize = arguments.ImageSize ?? loaded.ImageSize,
            ClassCount = network.ClassCount,
            ThreadCount = attempt.ThreadCount,
        };
        EvaluationResult result = await Evaluator.EvaluateAsync(network, ReportedAsync(shards.ValidationBatches(options, stop), shards, attempt, stop), attempt.ThreadCount, stop);

        await attempt.RecordMetricsAsync(
            [new("valid_loss", 0, result.Loss), new("valid_top1", 0, result.Top1), new("valid_top5", 0, result.Top5)], CancellationToken.None);
        await attempt.ReportProgressAsync(result.Count, result.Count, "validated", CancellationToken.None);
        return Outcome.Success(new ValidateResult(loaded.Source.Checkpoint, result.Loss, result.Top1, result.Top5, result.Count));
    }

    private static async IAsyncEnumerable<Batch> ReportedAsync(
        IAsyncEnumerable<Batch> batches, ShardSet shards, AttemptContext attempt, [EnumeratorCancellation] CancellationToken stop)
    {
        long batchCount = 0;
        await foreach (Batch batch in attempt.CountingWork(batches).WithCancellation(stop))
        {
            if (batchCount++ % BatchesBetweenReports == 0)
                await attempt.ReportProgressAsync(batch.Cursor - batch.Count, shards.SampleCount, "validating", stop);
            yield return batch;
        }
    }
}
