using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Brings the job's network into memory.</summary>
internal sealed class ClassifierLoader(JobCheckpoints checkpoints)
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
                BatchSize = job.Arguments.BatchSize ?? (isCpu ? 8 : 128),
                ReplicaCount = isCpu ? job.Attempt.ThreadCount : 2,
                ImageSize = job.Arguments.ImageSize ?? loaded.ImageSize,
                CropFraction = job.Arguments.CropFraction ?? loaded.CropFraction,
                AveragesFlip = job.Arguments.FlipAverage,
            },
            loaded.Labels);
        loaded.Checkpoint.LogRemarks(job.Attempt.Logger, classifier.LoadReport);
        return classifier;
    }
}
