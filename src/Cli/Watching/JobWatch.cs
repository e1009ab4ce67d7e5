using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Watching;

/// <summary>Shows a job and its followers until they have ended.</summary>
internal static class JobWatch
{
    // Where nothing can be redrawn, a line is written when something changed, and now and then when only the count did.
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(20);

    /// <returns>0 only when all succeeded.</returns>
    public static async Task<int> RunAsync(IServiceProvider services, Guid id, bool json, CancellationToken cancellation)
    {
        JobFeed feed = await FollowAsync(services, id, json, cancellation);
        if (!json) Next(feed);
        return feed.HasSucceeded ? 0 : 1;
    }

    /// <summary>Shows the jobs until they have ended, and says how.</summary>
    public static async Task<JobFeed> FollowAsync(IServiceProvider services, Guid id, bool json, CancellationToken cancellation)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var feed = new JobFeed(services.GetRequiredService<JobStore>(), services.GetRequiredService<MetricStore>(), time);
        if (json) await feed.RunAsync(id, OnChange(feed, time, WriteJson), cancellation);
        else if (Screen.IsLive) await RedrawAsync(feed, id, cancellation);
        else await feed.RunAsync(id, OnChange(feed, time, watched => Screen.SayPlain(JobTable.Line(watched))), cancellation);
        return feed;
    }

    private static Task RedrawAsync(JobFeed feed, Guid id, CancellationToken cancellation) =>
        Screen.Aside.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Ellipsis).StartAsync(
            live => feed.RunAsync(id, () => live.UpdateTarget(JobTable.Render(feed.Watched)), cancellation));

    private static Action OnChange(JobFeed feed, TimeProvider time, Action<WatchedJob> write)
    {
        var written = new Dictionary<Guid, (string What, long Time)>();
        return () =>
        {
            foreach (WatchedJob watched in feed.Watched)
            {
                string what = $"{watched.Job.State} {watched.Job.AttemptCount} {watched.Job.CancelRequestedAt} {watched.Job.Activity}";
                bool isKnown = written.TryGetValue(watched.Job.Id, out var last);
                if (isKnown && what == last.What && (watched.Job.State != JobState.Running || time.GetElapsedTime(last.Time) < LineInterval)) continue;
                written[watched.Job.Id] = (what, time.GetTimestamp());
                write(watched);
            }
        };
    }

    private static void WriteJson(WatchedJob watched) => Screen.WriteJsonLine(new
    {
        watched.Job.Id,
        watched.Job.Kind,
        watched.Job.State,
        Done = watched.Job.DoneCount,
        Total = watched.Job.TotalCount,
        watched.PerSecond,
        SecondsLeft = watched.Left?.TotalSeconds,
        watched.Job.Activity,
        Metrics = watched.Metrics.ToDictionary(point => point.Name, point => point.Value),
        watched.Job.Error,
        watched.Job.Result,
    });

    private static void Next(JobFeed feed)
    {
        foreach (Job job in feed.Watched.Select(watched => watched.Job))
        {
            string id = JobReference.Short(job.Id);
            Screen.Say(job.State switch
            {
                JobState.Succeeded => $"Next: `hrnet results {id}` shows what the {job.Kind} job made.",
                JobState.Failed => $"Next: `hrnet status {id}` shows its attempts; `hrnet retry {id}` runs the {job.Kind} job again once its cause is mended.",
                _ => $"Next: `hrnet retry {id}` takes the {job.Kind} job up again where it stopped.",
            });
            if (job.State != JobState.Succeeded && job.Followers.Count > 0)
                Screen.Warn($"{(job.Followers.Count == 1 ? "The job that follows it did" : $"The {job.Followers.Count} jobs that follow it did")} not start; a retry that succeeds starts {(job.Followers.Count == 1 ? "it" : "them")}.");
        }
    }
}
