using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Kinds.Export;

/// <summary>
/// The blob that an export writes, in one commit at its end. The commit demands the version that was seen before, so a zombie whose
/// successor has written changes nothing, and a blob that somebody else put there meanwhile is looked at before it is replaced.
/// </summary>
internal sealed class ExportedBlob
{
    private const string JobKey = "hrnetjob";
    private const string SourceKey = "hrnetsource";
    private static readonly BlobRequestConditions NotThere = new() { IfNoneMatch = ETag.All };

    private readonly BlobPath _path;
    private readonly BlobClient _blob;
    private readonly ExportArguments _arguments;
    private readonly Dictionary<string, string> _marks;
    private ETag? _seen;

    private ExportedBlob(BlobPath path, BlobClient blob, Lease lease, ExportArguments arguments)
    {
        (_path, _blob, _arguments) = (path, blob, arguments);
        // Metadata travels in HTTP headers, hence the escapes.
        _marks = new() { [JobKey] = lease.JobId.ToString("D"), [SourceKey] = Uri.EscapeDataString(arguments.Checkpoint) };
    }

    /// <summary>Looks at what stands there.</summary>
    /// <exception cref="JobException">It is another's, and was not to be replaced; permanent.</exception>
    public static async Task<ExportedBlob> FindAsync(
        BlobAccounts accounts, BlobPath path, Lease lease, ExportArguments arguments, CancellationToken cancellation)
    {
        var blob = new ExportedBlob(path, accounts.Blob(path), lease, arguments);
        await blob.LookAsync(cancellation);
        return blob;
    }

    /// <summary>Writes the file; readers see what was there before or all of it, never a mixture.</summary>
    /// <param name="file">The file.</param>
    /// <param name="ensureLease">Throws unless the attempt holds its lease.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LeaseLostException">Another attempt has taken over; the blob is what that one made of it.</exception>
    public async Task WriteAsync(string file, Func<Task> ensureLease, CancellationToken cancellation)
    {
        await ensureLease();
        while (!await TryWriteAsync(file, cancellation))
        {
            // Somebody wrote since we looked: an attempt of this job, or a stranger.
            await ensureLease();
            await LookAsync(cancellation);
        }
    }

    private async Task<bool> TryWriteAsync(string file, CancellationToken cancellation)
    {
        var options = new BlobUploadOptions
        {
            Conditions = _seen is { } seen ? new() { IfMatch = seen } : NotThere,
            Metadata = _marks,
            HttpHeaders = new() { ContentType = "application/octet-stream" },
            TransferValidation = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
        };
        try
        {
            await using FileStream content = File.OpenRead(file);
            await _blob.UploadAsync(content, options, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 412 || e.ErrorCode == BlobErrorCode.BlobAlreadyExists)
        {
            return false;
        }
        catch (Exception e) when (BlobException.IsFromService(e))
        {
            throw BlobException.Explain(_path, "Writing", e);
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        try
        {
            BlobProperties found = await _blob.GetPropertiesAsync(cancellationToken: cancellation);
            await ResultsOfOthers.RefuseAsync(_path, _blob, found.Metadata, cancellation);
            if (!_arguments.Overwrite && !IsOurs(found.Metadata))
                throw new JobException($"output: '{_path}' exists already, and no export of {_arguments.Checkpoint} wrote it. Give another output, or set overwrite (hrnet export --overwrite) to replace it.");
            _seen = found.ETag;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            _seen = null;
        }
        catch (Exception e) when (BlobException.IsFromService(e))
        {
            throw BlobException.Explain(_path, "Looking for", e);
        }
    }

    private bool IsOurs(IDictionary<string, string> found) =>
        Has(found, JobKey) || Has(found, SourceKey);

    private bool Has(IDictionary<string, string> found, string key) => found.TryGetValue(key, out string? value) && value == _marks[key];
}
