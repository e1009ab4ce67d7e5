using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class ScheduleStoreTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schedules_AreSetReplacedAndRemoved()
    {
        ScheduleStore schedules = new(ledger.Source, LedgerDatabase.Kinds);
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "nightly" }) with { Then = [JobRequest.For(new ProbeArguments { Name = "after" })] };
        await schedules.SetAsync("nightly", "0 3 * * *", request, Cancelled);
        await schedules.SetAsync("nightly", "0 4 * * *", request, Cancelled);

        JobSchedule schedule = Assert.Single(await schedules.ListAsync(Cancelled));
        Assert.Equal(("nightly", "0 4 * * *", request.Id), (schedule.Name, schedule.Cron, schedule.Request.Id));
        JobRequest run = schedule.Request.WithNewIds();
        Assert.NotEqual(request.Id, run.Id);
        Assert.NotEqual(request.Then[0].Id, Assert.Single(run.Then).Id);
        Assert.True(await schedules.RemoveAsync("nightly", Cancelled));
        Assert.False(await schedules.RemoveAsync("nightly", Cancelled));
        Assert.Null(await schedules.FindAsync("nightly", Cancelled));
    }

    [Fact]
    public async Task Set_RefusesARequestThatCouldNeverRun() =>
        await Assert.ThrowsAsync<JobArgumentsException>(() => new ScheduleStore(ledger.Source, LedgerDatabase.Kinds)
            .SetAsync("bad", "* * * * *", new JobRequest { Kind = "probe", Arguments = JsonSerializer.SerializeToElement(new { }) }, Cancelled));
}
