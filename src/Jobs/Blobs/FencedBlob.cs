using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// A blob that the attempts of one job replace one after the other. A claim gives it a new ETag, and every write demands the last ETag
/// that this attempt saw, so whatever an earlier attempt still has under way fails at its commit: the blob itself fences.
/// </summary>
public sealed class FencedBlob
{
    private const string JobKey = "hrnetjob";
    private const string AttemptKey = "hrnetattempt";
    private static readonly BlobRequestConditions NotThere = new() { IfNoneMatch = ETag.All };

    private readonly BlobClient _blob;
    private readonly Lease _lease;
    private ETag? _last;

    private FencedBlob(BlobPath path, BlobClient blob, Lease lease) => (Path, _blob, _lease) = (path, blob, lease);

    /// <summary>Where it lies.</summary>
    public BlobPath Path { get; }

    /// <summary>Whether the job has written it, in this attempt or an earlier one.</summary>
    public bool Exists => _last is not null;

    /// <summary>The job whose fenced blob carries this metadata; null where it is none.</summary>
    public static string? JobOf(IDictionary<string, string> metadata) =>
        metadata.ContainsKey(AttemptKey) && metadata.TryGetValue(JobKey, out string? job) ? job : null;

    /// <summary>Takes the blob over from the job's earlier attempts, or finds that it is not there yet.</summary>
    /// <exception cref="JobException">The blob belongs to another job, or to nobody we know; permanent.</exception>
    public static async Task<FencedBlob> ClaimAsync(BlobAccounts accounts, BlobPath path, Lease lease, CancellationToken cancellation)
    {
        var blob = new FencedBlob(path, accounts.Blob(path), lease);
        await blob.ClaimAsync(cancellation);
        return blob;
    }

    /// <summary>Replaces the blob by what is left of a stream, as one commit: readers see the old bytes or the new ones, never a mixture.</summary>
    /// <param name="content">Seekable.</param>
    /// <param name="checkLease">Throws unless the attempt holds its lease.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LeaseLostException">Another attempt has taken over; the blob is what that one made of it.</exception>
    public async Task WriteAsync(Stream content, Func<Task> checkLease, CancellationToken cancellation)
    {
        long start = content.Position;
        // 1. A zombie normally ends here. One that is stopped between this line and the commit, and continued after its lease was
        //    taken over, meets the ETag of its successor's claim instead.
        await checkLease();
        while (!await TryWriteAsync(content, cancellation))
        {
            // 2. Somebody else wrote or claimed the blob. With the lease in hand it was an earlier attempt: one that created the blob
            //    between our claim and now, or one that claimed late. What it wrote is a checkpoint of this very job: replacing it loses nothing.
            await checkLease();
            await ClaimAsync(cancellation);
            content.Position = start;
        }
    }

    private async Task<bool> TryWriteAsync(Stream content, CancellationToken cancellation)
    {
        var options = new BlobUploadOptions
        {
            Conditions = _last is { } last ? new() { IfMatch = last } : NotThere,
            Metadata = Owner,
            TransferValidation = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
        };
        try
        {
            Response<BlobContentInfo> written = await _blob.UploadAsync(content, options, cancellation);
            _last = written.Value.ETag;
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 412 || e.ErrorCode == BlobErrorCode.BlobAlreadyExists)
        {
            return false;
        }
        catch (Exception e) when (BlobException.IsFromService(e))
        {
            throw BlobException.Explain(Path, "Writing", e);
        }
    }

    private async Task ClaimAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                BlobProperties found = await _blob.GetPropertiesAsync(cancellationToken: cancellation);
                if (!found.Metadata.TryGetValue(JobKey, out string? job) || job != _lease.JobId.ToString("D"))
                    throw new JobException(
                        $"{Path} already exists and {(job is null ? "was not written by a train job" : $"belongs to job {job}")}. " +
                        $"Give this job an output of its own, or delete that blob{(Path.Name.EndsWith(".json", StringComparison.Ordinal) ? "" : "; to start from its weights, name it as initialCheckpoint")}.");
                BlobInfo claimed = await _blob.SetMetadataAsync(Owner, new BlobRequestConditions { IfMatch = found.ETag }, cancellation);
                _last = claimed.ETag;
                return;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                _last = null;
                return;
            }
            catch (RequestFailedException e) when (e.Status == 412)
            {
                // An earlier attempt's commit came between the two requests: look again.
            }
            catch (Exception e) when (BlobException.IsFromService(e))
            {
                throw BlobException.Explain(Path, "Claiming", e);
            }
        }
    }

    private Dictionary<string, string> Owner => new()
    {
        [JobKey] = _lease.JobId.ToString("D"),
        [AttemptKey] = _lease.Token.ToString("D"),
    };
}
