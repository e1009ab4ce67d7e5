using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;

namespace HrNetBatch.Kinds.Train;

/// <summary>The model that a train job's best weights become a version of, where one was asked for.</summary>
internal sealed class TrainedModel(ModelAddition models, BlobStore blobs, TrainArguments arguments, AttemptContext attempt)
{
    /// <summary>Makes sure before the training, not after days of it, that models have a place.</summary>
    public Task PrepareAsync(CancellationToken cancellation) => arguments.SaveAs is null ? Task.CompletedTask : models.PrepareAsync(cancellation);

    /// <summary>Adds the best weights, once for each job; the version's reference, null where none was asked for.</summary>
    public async Task<string?> SaveAsync(TrainResult result, CancellationToken cancellation)
    {
        if (arguments.SaveAs is not { } name) return null;
        BlobPath best = BlobPath.Parse(result.Best);
        await using FileStream weights = await blobs.DownloadToTemporaryFileAsync(best, cancellation: cancellation);
        ModelVersion version = await models.AddAsync(
            new NewModel
            {
                Name = name,
                Source = result.Best,
                Job = attempt.Lease.JobId,
                Labels = arguments.Labels,
                Metrics = Metrics(result),
            },
            weights,
            attempt.CheckLeaseAsync,
            cancellation);
        return $"{version.ToReference()}";
    }

    private static Dictionary<string, double> Metrics(TrainResult result)
    {
        var metrics = new Dictionary<string, double> { ["epochs"] = result.Epochs };
        if (result.Top1 is { } top1) metrics["top1"] = top1;
        if (result.Top5 is { } top5) metrics["top5"] = top5;
        if (result.Loss is { } loss && double.IsFinite(loss)) metrics["loss"] = loss;   // JSON knows no NaN
        return metrics;
    }
}
