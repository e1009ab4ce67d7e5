using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class WakeStoreTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private WakeStore Wakes => new(ledger.Source);

    [Fact]
    public async Task Take_CallsEachLaneOnce_WhenSeveralWorkersAskAtOnce()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 10);

        IReadOnlyList<Wake>[] taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Wakes.TakeWantedAsync("probe", 1000, Cancelled), Cancelled)));

        Assert.Equal(Enumerable.Range(0, 10), taken.SelectMany(wakes => wakes).Where(wake => wake.JobId == id).Select(wake => wake.Lane).Order());
        Assert.Equal("probe", taken.SelectMany(wakes => wakes).First().Kind);
    }

    [Fact]
    public async Task Claim_AnswersTheCallOfItsLane()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        await Wakes.TakeWantedAsync("probe", 1000, Cancelled);

        Lease lease = await ledger.ClaimAsync(id);
        Assert.DoesNotContain(await Wakes.TakeWantedAsync("probe", 1000, Cancelled), wake => wake.JobId == id);

        await ledger.Leases.EndAsync(lease, new Outcome.HandedBack("test"), Cancelled);
        Wake again = Assert.Single(await Wakes.TakeWantedAsync("probe", 1000, Cancelled), wake => wake.JobId == id);
        Assert.Equal(0, again.Lane);
    }

    [Fact]
    public async Task Take_LeavesAlone_WhatIsNotDueCancelledEndedOrOfAnotherKind()
    {
        Guid later = await ledger.EnqueueAsync();
        await ledger.ExecuteAsync("UPDATE hrnet.jobs SET state = 'Scheduled', run_at = clock_timestamp() + interval '1 hour' WHERE id = @later", new { later });
        Guid cancelled = await ledger.EnqueueAsync(laneCount: 2);
        await ledger.ClaimAsync(cancelled);
        await ledger.Jobs.CancelAsync(cancelled, Cancelled);
        Guid ended = await ledger.EnqueueAsync();
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(ended), Outcome.Success(new { }), Cancelled);

        Assert.DoesNotContain(await Wakes.TakeWantedAsync("probe", 1000, Cancelled), wake => wake.JobId == later || wake.JobId == cancelled || wake.JobId == ended);
        Assert.Empty(await Wakes.TakeWantedAsync("another", 1000, Cancelled));
    }

    [Fact]
    public async Task Forget_LetsTheLaneBeCalledAgain()
    {
        Guid id = await ledger.EnqueueAsync();
        Wake wake = Assert.Single(await Wakes.TakeWantedAsync("probe", 1000, Cancelled), wake => wake.JobId == id);
        await Wakes.SetHangfireIdAsync(wake, "17", Cancelled);

        Assert.DoesNotContain(await Wakes.ListStaleAsync(TimeSpan.FromMinutes(1), cancellation: Cancelled), stale => stale.JobId == id);
        Wake found = Assert.Single(await Wakes.ListStaleAsync(TimeSpan.Zero, cancellation: Cancelled), stale => stale.JobId == id);
        Assert.Equal("17", found.HangfireId);
        Assert.True(await Wakes.ForgetAsync(found, Cancelled));
        Assert.False(await Wakes.ForgetAsync(found, Cancelled));
        Assert.Single(await Wakes.TakeWantedAsync("probe", 1000, Cancelled), again => again.JobId == id);
    }

    [Fact]
    public async Task Take_KeepsABacklogInTheLedger()
    {
        await ledger.EnqueueAsync(laneCount: 50);
        await using NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled);
        int outstanding = await connection.ExecuteScalarAsync<int>("SELECT count(*) FROM hrnet.wakes");

        Assert.Equal(3, (await Wakes.TakeWantedAsync("probe", outstanding + 3, Cancelled)).Count);
        Assert.Empty(await Wakes.TakeWantedAsync("probe", outstanding, Cancelled));
    }
}
