using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Inference;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Brings the job's network into memory.</summary>
internal sealed partial class ClassifierLoader(JobCheckpoints checkpoints, IOptions<ClassifyOptions> options)
{
    /// <summary>Loads the checkpoint that the job's first lane found. The caller disposes the classifier.</summary>
    public async Task<Classifier> LoadAsync(ClassifyJob job, CancellationToken stop)
    {
        using LoadedCheckpoint loaded = await checkpoints.LoadAsync(job.Lease, job.Arguments.Checkpoint, stop);
        var isCpu = job.Attempt.Device == "cpu";
        var classifier = Classifier.Load(
            loaded.Checkpoint,
            new ClassifierOptions
            {
                Device = job.Attempt.Device,
                Engine = options.Value.Engine,
                BatchSize = job.Arguments.BatchSize ?? (isCpu ? 8 : 128),
                ReplicaCount = isCpu ? job.Attempt.ThreadCount : 2,
                ImageSize = job.Arguments.ImageSize ?? loaded.ImageSize,
                CropFraction = job.Arguments.CropFraction ?? loaded.CropFraction,
                AveragesFlip = job.Arguments.FlipAverage,
            },
            loaded.Labels);
        loaded.Checkpoint.LogRemarks(job.Attempt.Logger, classifier.LoadReport);
        if (classifier.EngineRemark is { } remark)
            LogSlower(job.Attempt.Logger, job.Id, remark);
        LogLoaded(job.Attempt.Logger, job.Id, HrNetVariant.Of(classifier.Architecture)?.Name ?? "a network of its own", classifier.Engine, classifier.Device, classifier.ReplicaCount, classifier.BatchSize);
        return classifier;
    }

    [LoggerMessage(2012, LogLevel.Information, "Job {Job} classifies with {Network} on {Engine}, device {Device}, {Replicas} batches of {BatchSize} at once")]
    private static partial void LogLoaded(ILogger logger, Guid job, string network, InferenceEngine engine, string device, int replicas, int batchSize);

    [LoggerMessage(2013, LogLevel.Warning, "Job {Job}: {Remark} The slower engine runs this network instead, with right answers")]
    private static partial void LogSlower(ILogger logger, Guid job, string remark);
}
