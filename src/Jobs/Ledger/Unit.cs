using System.IO.Compression;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>One blob to classify.</summary>
/// <param name="Name">Its name in the input's container.</param>
/// <param name="ETag">The version that was listed; null: whichever is there when it is read (a failed item tried again).</param>
public sealed record UnitItem(string Name, string? ETag);

/// <summary>A slice of the job that one lane works on and commits as one part.</summary>
/// <param name="Index">Its number in the job, from 0.</param>
/// <param name="Items">Its blobs, in the order of the listing.</param>
public sealed record Unit(int Index, IReadOnlyList<UnitItem> Items)
{
    // Items of a unit u of a plan p that are its own: a later round has taken over what failed in it.
    internal const string ItemsLeft = "(u.item_count - CASE WHEN u.round < p.round THEN COALESCE(u.failed_count, 0) ELSE 0 END)";

    /// <summary>Items as the ledger stores them: gzipped JSON, about 20 bytes a blob.</summary>
    public static byte[] Pack(IReadOnlyList<UnitItem> items)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest)) JsonSerializer.Serialize(zip, items, JobJson.Options);
        return packed.ToArray();
    }

    /// <summary>Reads what <see cref="Pack"/> made.</summary>
    public static IReadOnlyList<UnitItem> Unpack(byte[] packed)
    {
        using var zip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<List<UnitItem>>(zip, JobJson.Options)!;
    }
}

/// <summary>How far the whole job is, over all lanes.</summary>
public sealed record UnitTotals
{
    /// <summary>Items in committed units.</summary>
    public long DoneCount { get; init; }

    /// <summary>Those of them that failed, in the round that the job is in.</summary>
    public long FailedCount { get; init; }

    /// <summary>Items planned so far.</summary>
    public long ItemCount { get; init; }

    /// <summary>The round that the job is in: 0 as it was submitted, then one for each retry of its failed items after a success.</summary>
    public int Round { get; init; }

    /// <summary>Blobs of the input that only stand for folders.</summary>
    public long FolderMarkerCount { get; init; }

    /// <summary>Whether the listing is complete, so that <see cref="ItemCount"/> is final.</summary>
    public bool IsPlanComplete { get; init; }
}
