using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

/// <summary>Random lives of a job with three lanes: whatever happens in whatever order, what docs/job-states.md promises holds.</summary>
public sealed class RandomHistoryTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task History_KeepsItsPromises(int seed)
    {
        Random random = new(seed);
        for (int life = 0; life < 6; life++)
        {
            JobRequest follower = JobRequest.For(new ProbeArguments { Name = "follower" });
            Guid id = await ledger.EnqueueAsync(3, follower);
            List<Lease> leases = [];
            bool everSucceeded = false;
            for (int step = 0; step < 40; step++)
            {
                JobState before = (await ledger.JobAsync(id)).State;
                string action = await ActAsync(random, id, leases);
                Job after = await ledger.JobAsync(id);
                everSucceeded |= after.State == JobState.Succeeded;
                await CheckAsync(id, before, after, everSucceeded, $"seed {seed}, life {life}, step {step}: {action}");
            }
        }
    }

    private async Task<string> ActAsync(Random random, Guid id, List<Lease> leases)
    {
        Lease? any = leases.Count > 0 ? leases[random.Next(leases.Count)] : null;
        switch (random.Next(12))
        {
            case <= 4:
                if (await ledger.Leases.ClaimAsync(id, "worker", "cpu", Cancelled) is { } lease)
                    leases.Add(lease);
                return "claim";
            case 5 when any is not null:
                await ledger.LetExpireAsync(any);
                return "let expire";
            case 6:
                await ledger.Leases.ExpireAsync(Cancelled);
                return "expire";
            case 7:
                await ledger.LetBecomeDueAsync(id);
                return "become due";
            case 8 when random.Next(4) == 0:
                await ledger.Jobs.CancelAsync(id, Cancelled);
                return "cancel";
            case 9:
                try
                {
                    await ledger.Jobs.RetryAsync(id, Cancelled);
                }
                catch (JobRefusedException)
                {
                }

                return "retry";
            case >= 10 when any is not null:
                Outcome outcome = random.Next(12) switch
                {
                    0 => Outcome.Success(new { }),
                    1 => new Outcome.Failed("permanent", FailureKind.Permanent),
                    <= 5 => new Outcome.Failed("transient", FailureKind.Transient),
                    <= 9 => new Outcome.HandedBack("stop"),
                    10 => new Outcome.Lost(),
                    _ => new Outcome.Cancelled(),
                };
                try
                {
                    await ledger.Leases.EndAsync(any, outcome, Cancelled);
                }
                catch (LeaseLostException)
                {
                }

                return $"end as {outcome.Name}";
            default:
                return "nothing";
        }
    }

    private async Task CheckAsync(Guid id, JobState before, Job after, bool everSucceeded, string where)
    {
        await using NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled);
        int live = await connection.ExecuteScalarAsync<int>("SELECT count(*) FROM hrnet.attempts WHERE job_id = @id AND ended_at IS NULL", new { id });

        Assert.True(before == after.State || JobStates.Transitions.Any(step => step.From == before && step.To == after.State) || IsTwoSteps(before, after.State), $"{where}: {before} to {after.State}");
        Assert.True(after.State switch { JobState.Queued or JobState.Scheduled or JobState.Cancelled => live == 0, JobState.Running => live > 0, _ => true }, $"{where}: {after.State} with {live} live attempts");
        Assert.True(after.State.HasEnded() == after.EndedAt is not null, $"{where}: {after.State} ended at {after.EndedAt}");
        Assert.Equal(everSucceeded ? 1 : 0, (await ledger.Jobs.ListFollowersAsync(id, Cancelled)).Count);
    }

    // One call may do two: a claim or a cancel first ends expired attempts.
    private static bool IsTwoSteps(JobState before, JobState after) =>
        JobStates.Transitions.Where(first => first.From == before).Any(first => JobStates.Transitions.Any(second => second.From == first.To && second.To == after));
}
