using System.Text.Json;
using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class OutboxTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>, IAsyncLifetime
{
    private readonly OutboxStore _outbox = new(ledger.Source);
    private readonly ProgressStore _progress = new(ledger.Source);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await ledger.ExecuteAsync("DELETE FROM hrnet.outbox", new { });
        await _outbox.DemandAsync(TimeSpan.FromDays(1), TimeSpan.FromHours(1), Cancelled);
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task AJobsLife_LeavesItsEvents_InTheirOrder()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);
        await ledger.Leases.EndAsync(lease, new Outcome.Failed("no network", FailureKind.Transient), Cancelled);
        await ledger.LetBecomeDueAsync(id);
        lease = await ledger.ClaimAsync(id);
        await _progress.ReportAsync(lease, 7, 10, "working", Cancelled);
        await ledger.Leases.EndAsync(lease, Outcome.Success(new { top1 = 0.5 }), Cancelled);

        List<OutboxEvent> events = await PublishAsync();

        Assert.Equal([("started", JobState.Running, 1), ("started", JobState.Running, 2), ("succeeded", JobState.Succeeded, 2)], events.Select(found => (found.Event, found.State, found.AttemptCount)));
        Assert.Equal("no network", events[1].Error);
        Assert.Equal((7L, 10L, 0.5), (events[2].DoneCount, events[2].TotalCount, events[2].Result!.Value.GetProperty("top1").GetDouble()));
        Assert.All(events, found => Assert.Equal((id, "probe"), (found.JobId, found.Kind)));
        Assert.Empty(await PublishAsync());
    }

    [Fact]
    public async Task Progress_IsToldNowAndThen()
    {
        await _outbox.DemandAsync(TimeSpan.FromDays(1), TimeSpan.FromHours(1), Cancelled);
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);
        await _progress.ReportAsync(lease, 1, 10, null, Cancelled);
        await ledger.ExecuteAsync("UPDATE hrnet.jobs SET event_at = event_at - interval '61 minutes' WHERE id = @id", new { id });
        await _progress.ReportAsync(lease, 2, 10, "working", Cancelled);
        await _progress.ReportAsync(lease, 3, 10, "working", Cancelled);

        List<OutboxEvent> events = await PublishAsync();

        Assert.Equal([("started", 0L), ("progressed", 2L)], events.Select(found => (found.Event, found.DoneCount)));
        Assert.Equal("working", events[1].Activity);
    }

    [Fact]
    public async Task Cancelling_AndAFollowerThatIsBornFailed_LeaveEvents()
    {
        Guid cancelled = await ledger.EnqueueAsync();
        await ledger.Jobs.CancelAsync(cancelled, Cancelled);
        JobRequest follower = new() { Kind = "probe", Arguments = JsonSerializer.SerializeToElement(new { name = "{{result.missing}}" }) };
        Guid parent = await ledger.EnqueueAsync(1, follower);
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(parent), Outcome.Success(new { }), Cancelled);

        List<OutboxEvent> events = await PublishAsync();

        Assert.Equal("cancelled", Assert.Single(events, found => found.JobId == cancelled).Event);
        OutboxEvent failed = Assert.Single(events, found => found.JobId == follower.Id);
        Assert.Equal(("failed", (Guid?)parent), (failed.Event, failed.Follows));
        Assert.Contains("missing", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AChangeThatIsRolledBack_LeavesNoEvent()
    {
        Guid id = await ledger.EnqueueAsync();
        await using (NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled))
        await using (NpgsqlTransaction transaction = await connection.BeginTransactionAsync(Cancelled))
        {
            await connection.ExecuteAsync("UPDATE hrnet.jobs SET state = 'Running' WHERE id = @id", new { id }, transaction);
            Assert.Equal(1, await connection.ExecuteScalarAsync<int>("SELECT count(*) FROM hrnet.outbox WHERE job_id = @id", new { id }, transaction));
            await transaction.RollbackAsync(Cancelled);
        }

        Assert.Empty(await PublishAsync());
    }

    [Fact]
    public async Task ASecondSubmission_LeavesNoEvent()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" });
        await ledger.Jobs.EnqueueAsync(request, Cancelled);
        await ledger.Jobs.EnqueueAsync(request, Cancelled);

        Assert.Empty(await PublishAsync());
    }

    [Fact]
    public async Task Events_StayUntilTheyArePublished_AndKeepTheirIds()
    {
        await ledger.ClaimAsync(await ledger.EnqueueAsync());
        List<OutboxEvent> first = [];
        await Assert.ThrowsAsync<IOException>(() => _outbox.PublishAsync(
            10,
            events =>
            {
                first.AddRange(events);
                throw new IOException("the broker is away");
            },
            Cancelled));

        Assert.Equal(Assert.Single(first), Assert.Single(await PublishAsync()));
    }

    [Fact]
    public async Task TwoPublishers_NeverHaveEventsOfOneJobInHandAtOnce()
    {
        Guid slow = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(slow);
        TaskCompletionSource taken = new();
        TaskCompletionSource go = new();
        Task<int> first = _outbox.PublishAsync(
            10,
            async events =>
            {
                Assert.Equal(slow, Assert.Single(events).JobId);
                taken.SetResult();
                await go.Task;
            },
            Cancelled);
        await taken.Task;
        await ledger.Leases.EndAsync(lease, Outcome.Success(new { }), Cancelled);
        Guid other = await ledger.EnqueueAsync();
        await ledger.ClaimAsync(other);

        Assert.Equal(other, Assert.Single(await PublishAsync()).JobId);
        go.SetResult();
        Assert.Equal(1, await first);
        Assert.Equal(("succeeded", slow), Assert.Single((await PublishAsync()).Select(found => (found.Event, found.JobId))));
    }

    [Fact]
    public async Task Publishing_GoesOnWhereTheLimitCut()
    {
        foreach (int _ in Enumerable.Range(0, 5))
            await ledger.Leases.EndAsync(await ledger.ClaimAsync(await ledger.EnqueueAsync()), Outcome.Success(new { }), Cancelled);
        List<OutboxEvent> all = [];
        while (await _outbox.PublishAsync(3, events => AddAsync(all, events), Cancelled) is > 0 and var count)
            Assert.InRange(count, 1, 3);

        Assert.Equal(10, all.Count);
        Assert.All(all.GroupBy(found => found.JobId), job => Assert.Equal(["started", "succeeded"], job.Select(found => found.Event)));
    }

    [Fact]
    public async Task NothingIsWritten_WhereNobodyPublishes_AndWhatIsLeftIsTrimmed()
    {
        await ledger.ClaimAsync(await ledger.EnqueueAsync());
        Assert.Equal(0, await _outbox.TrimAsync(TimeSpan.FromDays(7), Cancelled));
        await ledger.ExecuteAsync("UPDATE hrnet.outbox_demand SET wanted_until = clock_timestamp()", new { });

        Assert.Equal(1, await _outbox.TrimAsync(TimeSpan.FromDays(7), Cancelled));
        await ledger.ClaimAsync(await ledger.EnqueueAsync());
        await using (NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled))
            Assert.Equal(0, await connection.ExecuteScalarAsync<int>("SELECT count(*) FROM hrnet.outbox"));

        await _outbox.DemandAsync(TimeSpan.FromDays(1), TimeSpan.FromHours(1), Cancelled);
        Assert.Empty(await PublishAsync());
    }

    [Fact]
    public async Task Events_ThatCouldNotBePublishedForLong_AreForgotten()
    {
        Guid old = await ledger.EnqueueAsync();
        await ledger.ClaimAsync(old);
        await ledger.ExecuteAsync("UPDATE hrnet.outbox SET at = at - interval '8 days' WHERE job_id = @old", new { old });
        Guid young = await ledger.EnqueueAsync();
        await ledger.ClaimAsync(young);

        Assert.Equal(1, await _outbox.TrimAsync(TimeSpan.FromDays(7), Cancelled));

        Assert.Equal(young, Assert.Single(await PublishAsync()).JobId);
    }

    private async Task<List<OutboxEvent>> PublishAsync()
    {
        List<OutboxEvent> published = [];
        await _outbox.PublishAsync(1000, events => AddAsync(published, events), Cancelled);
        return published;
    }

    private static Task AddAsync(List<OutboxEvent> list, IReadOnlyList<OutboxEvent> events)
    {
        list.AddRange(events);
        return Task.CompletedTask;
    }
}
