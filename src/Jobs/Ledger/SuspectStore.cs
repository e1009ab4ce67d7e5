using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>A unit that was open when a process died, claimed to be tried image by image.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="First">Place of the image over which a process died once: the first to be tried; null: none is known.</param>
/// <param name="Blamed">Reasons of the images that are not decoded again, by their places.</param>
public sealed record SuspectUnit(Unit Unit, int? First, IReadOnlyDictionary<int, string> Blamed);

/// <summary>The units among which the image is that kills processes: how an attempt claims one, and notes what it is about to decode.</summary>
public sealed class SuspectStore(NpgsqlDataSource database)
{
    /// <summary>Claims the first suspect that nobody alive works on; null when there is none now.</summary>
    public async Task<SuspectUnit?> ClaimAsync(Lease lease, CancellationToken cancellation)
    {
        var row = await database.WriteAsync(lease, transaction => transaction.FindAsync<Row>(
            $"""
            WITH claimed AS (
              UPDATE hrnet.units SET token = @Token WHERE (job_id, index) = (
                SELECT u.job_id, u.index FROM hrnet.suspect_units s JOIN hrnet.units u ON u.job_id = s.job_id AND u.index = s.index
                WHERE s.job_id = @JobId AND u.committed_at IS NULL AND NOT EXISTS (
                  SELECT FROM hrnet.attempts a WHERE a.token = u.token AND {AttemptRows.HoldsLease})
                ORDER BY u.index LIMIT 1 FOR UPDATE OF u SKIP LOCKED)
              RETURNING job_id, index, items)
            UPDATE hrnet.suspect_units s SET is_decoding = false FROM claimed c WHERE s.job_id = c.job_id AND s.index = c.index
            RETURNING s.index, c.items, CASE WHEN s.item_deaths > 0 THEN s.item END AS first, s.blamed, s.reasons
            """,
            lease, cancellation), cancellation);
        return row is null ? null : new SuspectUnit(
            new Unit(row.Index, Unit.Unpack(row.Items)), row.First,
            row.Blamed.Zip(row.Reasons).ToDictionary(pair => pair.First, pair => $"the process died twice while it decoded this image: {pair.Second}"));
    }

    /// <summary>Notes which image is decoded next; should the process die over it, the ledger knows. Null: none, until the next.</summary>
    /// <exception cref="LeaseLostException">The unit is not this attempt's any more.</exception>
    public async Task NoteAsync(Lease lease, int index, int? item, CancellationToken cancellation)
    {
        var count = await database.WriteAsync(lease, transaction => transaction.ExecuteAsync(
            """
            UPDATE hrnet.suspect_units s SET
              item = COALESCE(@item::integer, s.item),
              item_deaths = CASE WHEN COALESCE(@item::integer, s.item) = s.item THEN s.item_deaths ELSE 0 END,
              is_decoding = @item::integer IS NOT NULL
            FROM hrnet.units u
            WHERE s.job_id = @JobId AND s.index = @index AND u.job_id = s.job_id AND u.index = s.index AND u.token = @Token AND u.committed_at IS NULL
            """,
            new { lease.JobId, lease.Token, index, item }, cancellation), cancellation);
        if (count == 0) throw new LeaseLostException(lease.Token);
    }

    private sealed record Row
    {
        public int Index { get; init; }
        public byte[] Items { get; init; } = [];
        public int? First { get; init; }
        public int[] Blamed { get; init; } = [];
        public string[] Reasons { get; init; } = [];
    }
}
