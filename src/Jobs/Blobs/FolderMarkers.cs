using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Blobs that only stand for folders. Accounts with a hierarchical namespace list an empty blob with the metadata <c>hdi_isfolder</c> for
/// each folder, and tools that imitate folders write empty blobs called like the folder, with a slash at the end or without.
/// </summary>
internal static class FolderMarkers
{
    private const string FolderKey = "hdi_isfolder";

    /// <summary>The markers among the blobs of a page, by name.</summary>
    public static async Task<HashSet<string>> FindAsync(BlobContainerClient container, IReadOnlyList<BlobItem> page, CancellationToken cancellation)
    {
        var markers = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < page.Count; i++)
        {
            if ((page[i].Properties.ContentLength ?? 0) > 0) continue;
            if (IsMarked(page[i].Name, page[i].Metadata) || await HasChildrenAsync(container, page, i, cancellation)) markers.Add(page[i].Name);
        }
        return markers;
    }

    /// <summary>Whether a blob that was found by its name is a marker.</summary>
    public static async Task<bool> IsMarkerAsync(BlobContainerClient container, string name, BlobProperties found, CancellationToken cancellation) =>
        found.ContentLength == 0 && (IsMarked(name, found.Metadata) || await HasChildrenAsync(container, name, cancellation));

    private static bool IsMarked(string name, IDictionary<string, string>? metadata) =>
        name.EndsWith('/')
        || (metadata?.Any(pair => pair.Key.Equals(FolderKey, StringComparison.OrdinalIgnoreCase)
            && pair.Value.Equals("true", StringComparison.OrdinalIgnoreCase)) ?? false);

    private static async Task<bool> HasChildrenAsync(BlobContainerClient container, IReadOnlyList<BlobItem> page, int index, CancellationToken cancellation)
    {
        // Names that begin with this one follow it at once, those of its folder after those with a character before the slash.
        var name = page[index].Name;
        for (var i = index + 1; i < page.Count && page[i].Name.StartsWith(name, StringComparison.Ordinal); i++)
        {
            if (page[i].Name[name.Length] >= '/') return page[i].Name[name.Length] == '/';
        }
        return page[^1].Name.StartsWith(name, StringComparison.Ordinal) && await HasChildrenAsync(container, name, cancellation);
    }

    private static async Task<bool> HasChildrenAsync(BlobContainerClient container, string name, CancellationToken cancellation)
    {
        await foreach (var page in container.GetBlobsAsync(new GetBlobsOptions { Prefix = name + "/" }, cancellation).AsPages(pageSizeHint: 1))
        {
            // A page may be empty while others follow.
            if (page.Values.Count > 0) return true;
        }
        return false;
    }
}
