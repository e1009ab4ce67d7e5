using System.Security.Cryptography;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Kinds.Models;

/// <summary>
/// Finds and loads the checkpoint that a job's arguments name. What it is, is asked once in a job's life: the first attempt's answer
/// stands in the ledger, so a tag that moves or a blob that is replaced meanwhile never gives a job two networks.
/// </summary>
public sealed class JobCheckpoints(BlobStore blobs, ModelStore models, PinnedCheckpointStore pins)
{
    /// <summary>The store that references to models mean.</summary>
    public ModelStore Models => models;

    /// <summary>The job's checkpoint: what its first attempt found, which may be this one.</summary>
    /// <param name="lease">The attempt.</param>
    /// <param name="reference">As the job's arguments have it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="JobException">There is no such blob, model, version or tag; permanent.</exception>
    /// <exception cref="LeaseLostException">The attempt lost its lease.</exception>
    public Task<PinnedCheckpoint> PinAsync(Lease lease, string reference, CancellationToken cancellation) => PinAsync(lease, CheckpointRole.Main, reference, cancellation);

    /// <inheritdoc cref="PinAsync(Lease, string, CancellationToken)"/>
    public async Task<PinnedCheckpoint> PinAsync(Lease lease, CheckpointRole role, string reference, CancellationToken cancellation) =>
        await pins.FindAsync(lease.JobId, role, cancellation)
        // 1. Of lanes that begin together each finds something, and the first to write decides for all. A crash before the write leaves
        //    the question to the next attempt; after it, the answer stands as long as the job.
        ?? await pins.PinAsync(lease, role, await ResolveAsync(CheckpointReference.Parse(reference), cancellation), cancellation);

    /// <summary>Loads the job's checkpoint, and notes its hash in the ledger. The caller disposes it.</summary>
    /// <exception cref="JobException">It is not there, was removed or replaced, or its bytes are not those that were recorded; permanent.</exception>
    /// <exception cref="CheckpointException">It is no checkpoint.</exception>
    public Task<LoadedCheckpoint> LoadAsync(Lease lease, string reference, CancellationToken cancellation) => LoadAsync(lease, CheckpointRole.Main, reference, cancellation);

    /// <inheritdoc cref="LoadAsync(Lease, string, CancellationToken)"/>
    public async Task<LoadedCheckpoint> LoadAsync(Lease lease, CheckpointRole role, string reference, CancellationToken cancellation)
    {
        PinnedCheckpoint pin = await PinAsync(lease, role, reference, cancellation);
        LoadedCheckpoint loaded = await ReadAsync(pin, cancellation);
        if (pin.Sha256 is null) await pins.PinAsync(lease, role, loaded.Source, cancellation);
        return loaded;
    }

    /// <summary>Loads what a reference means now, for no job in particular. The caller disposes it.</summary>
    /// <exception cref="JobException">As for a job.</exception>
    public async Task<LoadedCheckpoint> LoadAsync(CheckpointReference reference, CancellationToken cancellation) =>
        await ReadAsync(await ResolveAsync(reference, cancellation), cancellation);

    /// <summary>What a reference means now; nothing is read or written.</summary>
    /// <exception cref="JobException">There is no such blob, model, version or tag; permanent.</exception>
    public async Task<PinnedCheckpoint> ResolveAsync(CheckpointReference reference, CancellationToken cancellation)
    {
        if (reference.Model is { } named)
        {
            ModelVersion version = await models.ResolveAsync(named, cancellation);
            return new PinnedCheckpoint
            {
                Reference = $"{named}",
                Checkpoint = $"{version.ToReference()}",
                Path = $"{models.WeightsOf(version)}",
                Sha256 = version.Sha256,
            };
        }
        BlobEntry found = await blobs.FindAsync(reference.Blob!, cancellation)
            ?? throw new JobException($"The checkpoint '{reference}' does not exist. Correct the path, or upload the weights there (hrnet upload), and try again.");
        return new PinnedCheckpoint { Reference = $"{reference}", Checkpoint = $"{found.Path}", Path = $"{found.Path}", Etag = found.ETag };
    }

    private async Task<LoadedCheckpoint> ReadAsync(PinnedCheckpoint pin, CancellationToken cancellation)
    {
        // A model that was removed since it was found is refused here, with what there is instead.
        ModelVersion? version = CheckpointReference.Parse(pin.Checkpoint).Model is { } model ? await models.ResolveAsync(model, cancellation) : null;
        await using FileStream file = await DownloadAsync(pin, cancellation);
        if (pin.Sha256 is not null) await CheckHashAsync(pin, file, cancellation);
        Checkpoint checkpoint = CheckpointReader.Read(file, pin.Checkpoint);
        return new LoadedCheckpoint
        {
            Checkpoint = checkpoint,
            Source = pin with { Sha256 = checkpoint.Sha256 },
            Labels = version is null ? ClassLabels.Of(checkpoint) : version.Labels,
            ImageSize = version?.ImageSize ?? checkpoint.Card?.ImageSize ?? LoadedCheckpoint.DefaultImageSize,
            CropFraction = version?.Preprocessing.CropFraction ?? checkpoint.Card?.CropFraction ?? Preprocessing.DefaultCropRatio,
        };
    }

    // Before a byte of it is understood as anything.
    private static async Task CheckHashAsync(PinnedCheckpoint pin, FileStream file, CancellationToken cancellation)
    {
        string sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        if (sha256 != pin.Sha256)
            throw new JobException($"The weights of {pin.Checkpoint} in '{pin.Path}' are not those that were recorded: their SHA-256 is {sha256}, not {pin.Sha256}. "
                + "Somebody replaced that blob, or it is damaged: restore it, or add the model anew and submit the job again.");
    }

    private async Task<FileStream> DownloadAsync(PinnedCheckpoint pin, CancellationToken cancellation)
    {
        BlobPath path = BlobPath.Parse(pin.Path);
        try
        {
            return await blobs.DownloadToTemporaryFileAsync(path, pin.Etag, cancellation);
        }
        catch (BlobException e) when (e.IsMissing || e.IsChanged)
        {
            if (CheckpointReference.Parse(pin.Checkpoint).Model is not { } model)
            {
                // Asked for a version of a blob that is gone, the service may also answer that it is not that version.
                bool isGone = e.IsMissing || await blobs.FindAsync(path, cancellation) is null;
                throw new JobException($"The checkpoint '{pin.Checkpoint}' was {(isGone ? "deleted" : "replaced")} after the job had found it, "
                    + "and its results must not come from two networks. Submit a new job.", inner: e);
            }
            await models.ResolveAsync(model, cancellation);   // throws where it was removed between two requests
            throw new JobException($"The weights of {pin.Checkpoint} are missing: there is no '{pin.Path}'. Restore that blob, or remove the version (hrnet models remove) and add it anew.", inner: e);
        }
    }
}
