using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class EnqueueTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enqueue_MakesOneJob_WhenTheSameRequestArrivesManyTimesAtOnce()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x", LaneCount = 3 });

        bool[] isNew = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ledger.Jobs.EnqueueAsync(request, Cancelled), Cancelled)));

        Assert.Single(isNew, wasNew => wasNew);
        Job job = await ledger.JobAsync(request.Id);
        Assert.Equal(("probe", JobState.Queued, 3, 0), (job.Kind, job.State, job.LaneCount, job.AttemptCount));
    }

    [Fact]
    public async Task Enqueue_RefusesAnIdThatBelongsToAnotherRequest()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" });
        await ledger.Jobs.EnqueueAsync(request, Cancelled);

        await Assert.ThrowsAsync<JobRefusedException>(() => ledger.Jobs.EnqueueAsync(JobRequest.For(new ProbeArguments { Name = "y" }) with { Id = request.Id }, Cancelled));
    }

    [Fact]
    public async Task Enqueue_WritesDefaultsOut()
    {
        JobRequest request = new() { Kind = "probe", Arguments = JsonSerializer.SerializeToElement(new { name = "x" }) };
        await ledger.Jobs.EnqueueAsync(request, Cancelled);

        Assert.Equal("""{"name": "x", "level": 1, "pause": "00:05:00", "steps": [1, 2], "laneCount": 1}""", (await ledger.JobAsync(request.Id)).Arguments.GetRawText());
    }

    [Fact]
    public async Task Enqueue_RefusesAFollowerThatCouldNeverRun()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" }) with
        {
            Then = [new JobRequest { Kind = "probe", Arguments = JsonSerializer.SerializeToElement(new { name = "{{result.a}}", colour = 1 }) }],
        };

        JobArgumentsException refusal = await Assert.ThrowsAsync<JobArgumentsException>(() => ledger.Jobs.EnqueueAsync(request, Cancelled));

        Assert.StartsWith("then[0].arguments.colour: unknown field", Assert.Single(refusal.Faults), StringComparison.Ordinal);
        Assert.Null(await ledger.Jobs.FindAsync(request.Id, Cancelled));
    }

    [Fact]
    public async Task List_PagesNewestFirst_AndFilters()
    {
        List<Guid> ids = [];
        for (int i = 0; i < 5; i++)
            ids.Add(await ledger.EnqueueAsync());
        await ledger.Jobs.CancelAsync(ids[2], Cancelled);

        IReadOnlyList<Job> first = await ledger.Jobs.ListAsync(limit: 2, cancellation: Cancelled);
        IReadOnlyList<Job> second = await ledger.Jobs.ListAsync(limit: 3, before: first[^1], cancellation: Cancelled);

        Assert.Equal([ids[4], ids[3], ids[2], ids[1], ids[0]], first.Concat(second).Select(job => job.Id));
        Assert.Equal([ids[2]], (await ledger.Jobs.ListAsync(JobState.Cancelled, "probe", cancellation: Cancelled)).Select(job => job.Id));
        Assert.Equal(1, (await ledger.Jobs.CountAsync(Cancelled))[JobState.Cancelled]);
    }
}
