using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.Kinds.Models;

namespace HrNetBatch.Kinds.Classify;

/// <summary>
/// Whose an output folder is. The first job to write <c>job.json</c> there has it; another one is refused, unless it is told to replace
/// what lies there and the first has ended.
/// </summary>
internal sealed class OutputClaims(BlobStore blobs, ManifestStore manifests, ModelStore models, JobStore jobs)
{
    /// <summary>Makes the output this job's, or finds that it is.</summary>
    /// <exception cref="JobException">Nothing may be written there, or another job's results lie there; permanent.</exception>
    public async Task<OutputOwner> ClaimAsync(ClassifyJob job, CancellationToken stop)
    {
        models.RequireOutside(job.Output, "output");
        if (blobs.AreInOneContainer(job.Input, job.Output) && ClassifyJob.WouldListOutput(job.Input, job.Output))
            throw new JobException(ClassifyJob.OutputInInput(job.Input, job.Output));
        await blobs.CreateContainerAsync(job.Output, stop);

        (OutputOwner? owner, string? etag) = await ReadAsync(job, stop);
        if (owner?.Job == job.Id) return owner;
        HashSet<Guid> others = await FindOthersAsync(job, owner, stop);
        if (owner is not null && others.SetEquals([owner.Job]) && await LeftNothingAsync(job, owner.Job, stop)) others.Clear();
        foreach (Guid other in others) await RefuseAsync(job, other, stop);

        IEnumerable<Guid> replaced = others.Count == 0 ? [] : others.Union(owner?.Replaced ?? []).Except([job.Id]);
        var claim = new OutputOwner { Job = job.Id, Replaced = [.. replaced.Order()] };
        try
        {
            // 1. The claim is one write that demands what was seen. A crash before it leaves the output as it was; after it, every lane and
            //    attempt of this job finds it, and what it replaces stays whole until this job's own manifest is there.
            await blobs.UploadAsync(job.Claim, new MemoryStream(claim.ToJson()), new Replaces(etag), stop);
            return claim;
        }
        catch (BlobException e) when (e.IsChanged)
        {
            // Another lane, an answer of our own that was lost, or another job that was quicker.
            return await RequireAsync(job, stop);
        }
    }

    /// <summary>The claim of this job, which holds.</summary>
    /// <exception cref="JobException">Another job has the output; permanent.</exception>
    public async Task<OutputOwner> RequireAsync(ClassifyJob job, CancellationToken stop) => (await ReadAsync(job, stop)).Owner switch
    {
        { } owner when owner.Job == job.Id => owner,
        { } owner => throw new JobException(
            $"'{job.Output}' belongs to job {owner.Job}"
            + (owner.Replaced.Contains(job.Id) ? ", which was told to replace the results of this one" : "")
            + ". Choose another output and submit the job again."),
        null => throw new JobException($"'{job.Claim}', which says that the output is this job's, was deleted. Retry the job.", FailureKind.Transient),
    };

    private async Task<(OutputOwner? Owner, string? ETag)> ReadAsync(ClassifyJob job, CancellationToken stop)
    {
        try
        {
            var content = await blobs.ReadAsync(job.Claim, cancellation: stop);
            return (OutputOwner.Parse(content.Bytes), content.ETag);
        }
        catch (BlobException e) when (e.IsMissing)
        {
            return (null, null);
        }
        catch (JsonException e)
        {
            throw new JobException(
                $"'{job.Claim}' is there already, and no classify job wrote it. Choose another output, or delete that blob and retry the job.", inner: e);
        }
    }

    /// <summary>
    /// The other jobs whose claim, manifest or parts lie there. Parts that name no job are of programs before this one: nobody counts or
    /// deletes them but the manifest that lists them.
    /// </summary>
    private async Task<HashSet<Guid>> FindOthersAsync(ClassifyJob job, OutputOwner? owner, CancellationToken stop)
    {
        var page = await blobs.ListPageAsync(job.Parts, null, 5000, stop);
        HashSet<Guid> found = [.. page.Blobs.Select(blob => PartName.JobOf(job.NameInOutput(blob.Path))).OfType<Guid>()];
        if (owner is not null) found.Add(owner.Job);
        if (await manifests.ReadAsync(job.Manifest, stop) is { Manifest: var manifest }) found.Add(manifest.Job);
        found.Remove(job.Id);
        return found;
    }

    /// <summary>Whether a job ended before it had written anything: then its claim keeps nobody away.</summary>
    private async Task<bool> LeftNothingAsync(ClassifyJob job, Guid other, CancellationToken stop) =>
        await jobs.FindAsync(other, stop) is { } found && found.State.HasEnded()
        && await manifests.ReadAsync(job.Manifest, stop) is null
        && (await blobs.ListPageAsync(job.Parts, null, 5000, stop)).Blobs.All(blob => !PartName.IsPart(job.NameInOutput(blob.Path)));

    private async Task RefuseAsync(ClassifyJob job, Guid other, CancellationToken stop)
    {
        if (await jobs.FindAsync(other, stop) is { } found && !found.State.HasEnded())
        {
            throw new JobException(
                $"Job {other} writes to '{job.Output}' too, and is not finished. "
                + $"Wait for it or cancel it (hrnet cancel {other}), then retry this job; or choose another output.");
        }
        if (!job.Arguments.ReplaceOutput)
        {
            throw new JobException(
                $"'{job.Output}' holds results of job {other}. "
                + "Choose another output; or, to replace them, submit the job with replaceOutput (hrnet classify --replace-output): "
                + "that deletes the manifest and the parts of that job, once this one has its own, and nothing else.");
        }
    }
}
