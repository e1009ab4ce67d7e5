using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Models;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Inspecting;

/// <summary>Opens what a user names: a file of this machine, or a blob or model of the stack.</summary>
internal static class InspectedFile
{
    /// <summary>A seekable stream, which the caller disposes.</summary>
    /// <exception cref="UserException">There is no such file, or it cannot be read from any place.</exception>
    public static async Task<Stream> OpenAsync(string name, string? data, CancellationToken cancellation)
    {
        if (name.StartsWith(BlobPath.Scheme, StringComparison.OrdinalIgnoreCase) || name.StartsWith(ModelReference.Scheme, StringComparison.OrdinalIgnoreCase))
        {
            if (!CheckpointReference.TryParse(name, out CheckpointReference? reference, out string? fault))
                throw new UserException(fault, UserException.WrongRequest);
            await using ServiceProvider services = StackServices.Open(data);
            PinnedCheckpoint found = await services.GetRequiredService<JobCheckpoints>().ResolveAsync(reference, cancellation);
            return await services.GetRequiredService<BlobStore>().DownloadToTemporaryFileAsync(BlobPath.Parse(found.Path), found.Etag, cancellation);
        }
        return LocalFile.Open(name, "The checkpoint");
    }
}
