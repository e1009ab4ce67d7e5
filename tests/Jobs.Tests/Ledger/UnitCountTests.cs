using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class UnitCountTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Counts_AddUpUnitsAndFailedItems()
    {
        Guid id = await ledger.EnqueueAsync();
        UnitCountStore counts = new(ledger.Source);
        Assert.Null(await counts.FindAsync(id, Cancelled));
        await ledger.ExecuteAsync(
            """
            INSERT INTO hrnet.plans (job_id) VALUES (@id);
            INSERT INTO hrnet.units (job_id, index, items, item_count, committed_at) VALUES (@id, 0, '', 100, clock_timestamp()), (@id, 1, '', 50, NULL);
            INSERT INTO hrnet.failed_items (job_id, name, reason) VALUES (@id, 'b.png', 'truncated'), (@id, 'a.png', 'not an image'), (@id, 'Z.png', 'empty');
            """,
            new { id });

        Assert.Equal(
            new UnitCounts { UnitCount = 2, CommittedUnitCount = 1, ItemCount = 150, DoneItemCount = 100, FailedItemCount = 3, IsPlanComplete = false },
            await counts.FindAsync(id, Cancelled));
        FailedItemStore failed = new(ledger.Source);
        Assert.Equal(["Z.png", "a.png"], (await failed.ListAsync(id, limit: 2, cancellation: Cancelled)).Select(item => item.Name));
        FailedItem last = Assert.Single(await failed.ListAsync(id, "a.png", 2, Cancelled));
        Assert.Equal(("b.png", "truncated"), (last.Name, last.Reason));
        Assert.Equal(3, await failed.CountAsync(id, Cancelled));
    }
}
