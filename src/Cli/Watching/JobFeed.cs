using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Cli.Watching;

/// <summary>Reads a job, and the jobs that follow it as they appear, from the ledger until all have ended.</summary>
internal sealed class JobFeed(JobStore jobs, MetricStore metrics, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly List<WatchedJob> _watched = [];

    /// <summary>The jobs in the order in which they came.</summary>
    public IReadOnlyList<WatchedJob> Watched => _watched;

    /// <summary>Whether every job has succeeded, with nothing left to follow.</summary>
    public bool HasSucceeded => _watched.All(watched => watched.Job.State == JobState.Succeeded);

    /// <summary>Yields after every reading, and ends with the reading in which all have ended.</summary>
    public async Task RunAsync(Guid id, Action onReading, CancellationToken cancellation)
    {
        Job first = await jobs.FindAsync(id, cancellation) ?? throw new UserException($"There is no job {id}.");
        _watched.Add(new WatchedJob(first, time));
        long lastAnswer = time.GetTimestamp();
        while (true)
        {
            try
            {
                await ReadAsync(cancellation);
                lastAnswer = time.GetTimestamp();
            }
            catch (NpgsqlException) when (time.GetElapsedTime(lastAnswer) < Patience)
            {
                // The ledger restarts; what is watched goes on.
            }
            onReading();
            if (_watched.All(watched => watched.Job.State.HasEnded())) return;
            await Task.Delay(Interval, time, cancellation);
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        // By index: followers are appended while we go, and read in the same round, so that no round ends between the two.
        for (int i = 0; i < _watched.Count; i++)
        {
            WatchedJob watched = _watched[i];
            Job job = await jobs.FindAsync(watched.Job.Id, cancellation) ?? watched.Job;
            watched.Update(job, await metrics.ReadLatestAsync(job.Id, cancellation));
            if (job.State != JobState.Succeeded) continue;
            foreach (Job follower in await jobs.ListFollowersAsync(job.Id, cancellation))
            {
                if (_watched.All(other => other.Job.Id != follower.Id)) _watched.Add(new WatchedJob(follower, time));
            }
        }
    }
}
