using Azure;
using Azure.Identity;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Blob storage refused or failed; the message names the blob or container and what to do. <see cref="IsTransient"/> says whether
/// the same call may succeed later: the client's own retries were already spent.
/// </summary>
public sealed class BlobException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether trying again later may help.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>Whether the blob is not there (its container may be).</summary>
    public bool IsMissing { get; init; }

    /// <summary>Whether the blob is no longer the version that was asked for.</summary>
    public bool IsChanged { get; init; }

    /// <summary>Whether this blob alone cannot be read as it is: archived, too large, encrypted with a key of its own.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>Whether <see cref="Explain"/> has something to say about an exception: one that Azure's clients throw.</summary>
    public static bool IsFromService(Exception e) =>
        e is RequestFailedException or AuthenticationFailedException or AggregateException { InnerException: RequestFailedException or IOException or HttpRequestException }
        or IOException or HttpRequestException
        || (e is TaskCanceledException { InnerException: not null }); // the client's own network timeout

    /// <summary>Says in the reader's terms what happened to <paramref name="path"/>.</summary>
    public static BlobException Explain(BlobPath path, string doing, Exception e)
    {
        if (e is AggregateException { InnerException: { } inner }) e = inner;
        if (e is AuthenticationFailedException)
            return new($"{doing} '{path}': no credential opens blob account '{path.Account}'. Sign in (az login) or give this process a managed identity. {FirstLine(e)}", false, e);
        if (e is not RequestFailedException request)
            return new($"{doing} '{path}': the connection failed. {FirstLine(e)}", true, e);

        return (request.Status, request.ErrorCode) switch
        {
            (404, "ContainerNotFound") or (404, "ContainerBeingDeleted") =>
                new($"{doing} '{path}': blob account '{path.Account}' has no container '{path.Container}'. Correct the path, or create the container and upload to it (hrnet upload).", false, e) { IsMissing = true },
            (404, _) =>
                new($"{doing} '{path}': there is no such blob. Correct the path; names are case-sensitive.", false, e) { IsMissing = true },
            (409, "BlobArchived" or "BlobBeingRehydrated") =>
                new($"{doing} '{path}': the blob is in the archive tier. Move it to a tier that can be read, and wait until it has arrived.", false, e) { IsUnreadable = true },
            (412, _) or (409, "BlobAlreadyExists") or (416, _) =>
                new($"{doing} '{path}': another version of the blob is there than the one asked for.", false, e) { IsChanged = true },
            (401 or 403, _) =>
                new($"{doing} '{path}': blob account '{path.Account}' denied access ({request.ErrorCode}). Give this identity the role 'Storage Blob Data Contributor' there, or correct its connection string.", false, e),
            (0 or 408 or 429 or >= 500, _) =>
                new($"{doing} '{path}': blob account '{path.Account}' did not answer ({(request.Status == 0 ? FirstLine(e) : $"{request.Status} {request.ErrorCode}")}).", true, e),
            _ => new($"{doing} '{path}': blob account '{path.Account}' refused ({request.Status} {request.ErrorCode}). {FirstLine(e)}", false, e),
        };
    }

    private static string FirstLine(Exception e) => e.Message.Split('\n', 2)[0].TrimEnd();
}
