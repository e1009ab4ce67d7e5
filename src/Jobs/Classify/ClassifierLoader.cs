using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Checkpoints;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Jobs.Classify;

/// <summary>Brings the job's network into memory.</summary>
internal sealed class ClassifierLoader(PlanStore plans, BlobStore blobs)
{
    /// <summary>Loads the version of the checkpoint that the job's first lane found. The caller disposes the classifier.</summary>
    public async Task<Classifier> LoadAsync(ClassifyJob job, CancellationToken stop)
    {
        var found = await blobs.FindAsync(job.Checkpoint, stop)
            ?? throw new JobException($"The checkpoint '{job.Checkpoint}' does not exist. Correct the path, or upload the weights there (hrnet upload), and retry the job.");
        if (await plans.PinCheckpointAsync(job.Lease, found.ETag, stop) != found.ETag)
            throw new JobException($"The checkpoint '{job.Checkpoint}' was replaced after job {job.Lease.JobId} had begun, and its rows may not come from two networks. Submit a new job.");

        await using var file = await blobs.DownloadToTemporaryFileAsync(job.Checkpoint, found.ETag, stop);
        using var checkpoint = CheckpointReader.Read(file, job.Checkpoint.ToString());
        var isCpu = job.Attempt.Device == "cpu";
        var classifier = Classifier.Load(checkpoint, new ClassifierOptions
        {
            Device = job.Attempt.Device,
            BatchSize = job.Arguments.BatchSize ?? (isCpu ? 8 : 128),
            ReplicaCount = isCpu ? job.Attempt.ThreadCount : 2,
            ImageSize = job.Arguments.ImageSize ?? 0,
        });
        checkpoint.LogRemarks(job.Attempt.Logger, classifier.LoadReport);
        return classifier;
    }
}
