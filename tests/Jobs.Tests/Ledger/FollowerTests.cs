using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class FollowerTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Followers_AppearWithTheParentsResult_WhenItSucceeds()
    {
        JobRequest grandchild = Request(new { name = "{{result.next}}" });
        JobRequest child = Request(new { name = "from {{result.checkpoint}} at {{ result.epochs }}", level = "{{result.epochs}}" }) with { Then = [grandchild] };
        Guid parent = await ledger.EnqueueAsync(1, child);
        Assert.Empty(await ledger.Jobs.ListFollowersAsync(parent, Cancelled));

        await SucceedAsync(parent, new { checkpoint = "blob://local/c/best.pth.tar", epochs = 7 });

        Job follower = Assert.Single(await ledger.Jobs.ListFollowersAsync(parent, Cancelled));
        Assert.Equal((child.Id, JobState.Queued, parent), (follower.Id, follower.State, follower.Follows!.Value));
        Assert.Equal("from blob://local/c/best.pth.tar at 7", follower.Arguments.GetProperty("name").GetString());
        Assert.Equal(7, follower.Arguments.GetProperty("level").GetInt32());

        await SucceedAsync(child.Id, new { next = "last" });
        Job last = await ledger.JobAsync(grandchild.Id);
        Assert.Equal(("last", child.Id), (last.Arguments.GetProperty("name").GetString(), last.Follows!.Value));
    }

    [Fact]
    public async Task Followers_BelongToTheTraceOfTheirParent()
    {
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        JobRequest child = Request(new { name = "child" });
        JobRequest parent = Request(new { name = "parent" }) with { TraceParent = trace, TraceState = "vendor=1", Then = [child] };
        await ledger.Jobs.EnqueueAsync(parent, Cancelled);

        await SucceedAsync(parent.Id, new { });

        Job follower = await ledger.JobAsync(child.Id);
        Assert.Equal((trace, "vendor=1"), (follower.TraceParent, follower.TraceState));
    }

    [Fact]
    public async Task Followers_AppearOnce_WhenSeveralLanesSucceed_AndWhenTheJobIsReopened()
    {
        Guid parent = await ledger.EnqueueAsync(2, Request(new { name = "child" }));
        Lease first = await ledger.ClaimAsync(parent);
        Lease second = await ledger.ClaimAsync(parent);
        await Task.WhenAll(
            ledger.Leases.EndAsync(first, Outcome.Success(new { }), Cancelled),
            ledger.Leases.EndAsync(second, Outcome.Success(new { }), Cancelled));
        await using (Npgsql.NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled))
        await using (Npgsql.NpgsqlTransaction transaction = await connection.BeginTransactionAsync(Cancelled))
        {
            await Reopening.ReopenAsync(transaction, parent, Cancelled);
            await transaction.CommitAsync(Cancelled);
        }

        await SucceedAsync(parent, new { });

        Assert.Single(await ledger.Jobs.ListFollowersAsync(parent, Cancelled));
    }

    [Theory]
    [InlineData("{{result.missing}}", "\"missing\"")]
    [InlineData("{{result.nothing}}", "\"nothing\"")]
    public async Task Follower_AppearsAsFailed_WhenTheResultLacksItsField(string template, string named)
    {
        JobRequest child = Request(new { name = template });
        Guid parent = await ledger.EnqueueAsync(1, child);

        await SucceedAsync(parent, new { checkpoint = "c", nothing = (string?)null });

        Job follower = await ledger.JobAsync(child.Id);
        Assert.Equal(JobState.Failed, follower.State);
        Assert.Contains(named, follower.Error, StringComparison.Ordinal);
        Assert.NotNull(follower.EndedAt);
        Assert.Equal(JobState.Succeeded, (await ledger.JobAsync(parent)).State);
    }

    [Fact]
    public async Task Follower_AppearsAsFailed_WhenTheResultDoesNotFit()
    {
        JobRequest child = Request(new { name = "x", level = "{{result.epochs}}" });
        Guid parent = await ledger.EnqueueAsync(1, child);

        await SucceedAsync(parent, new { epochs = 99 });

        Job follower = await ledger.JobAsync(child.Id);
        Assert.Equal(JobState.Failed, follower.State);
        Assert.Contains("level:", follower.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Followers_NeverAppear_WhenTheParentFailsOrIsCancelled()
    {
        Guid failed = await ledger.EnqueueAsync(1, Request(new { name = "child" }));
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(failed), new Outcome.Failed("bad", FailureKind.Permanent), Cancelled);
        Guid cancelled = await ledger.EnqueueAsync(1, Request(new { name = "child" }));
        await ledger.Jobs.CancelAsync(cancelled, Cancelled);

        Assert.Empty(await ledger.Jobs.ListFollowersAsync(failed, Cancelled));
        Assert.Empty(await ledger.Jobs.ListFollowersAsync(cancelled, Cancelled));
        Assert.Single((await ledger.JobAsync(failed)).Followers);
    }

    private static JobRequest Request(object arguments) => new() { Kind = "probe", Arguments = JsonSerializer.SerializeToElement(arguments) };

    private async Task SucceedAsync(Guid job, object result) =>
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(job), new Outcome.Succeeded(JsonSerializer.SerializeToElement(result)), Cancelled);
}
