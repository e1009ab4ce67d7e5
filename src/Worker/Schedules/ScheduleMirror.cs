using Hangfire;
using Hangfire.Storage;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Worker.Waking;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Schedules;

/// <summary>Keeps Hangfire's recurring jobs equal to the ledger's schedules; any number of workers may do so at once.</summary>
internal sealed partial class ScheduleMirror(
    ScheduleStore schedules,
    IRecurringJobManager recurring,
    JobStorage storage,
    IOptions<WakingOptions> options,
    TimeProvider time,
    ILogger<ScheduleMirror> logger) : PollingService(time)
{
    private const string Prefix = "schedule:"; // what else somebody runs on this Hangfire is left alone, and not run here

    private readonly HashSet<(string Name, string Cron)> _refused = [];
    private readonly HashSet<string> _foreign = [];

    protected override TimeSpan Interval => options.Value.ScheduleInterval;

    protected override async Task<bool> StepAsync(CancellationToken stop)
    {
        IReadOnlyList<JobSchedule> wanted = await schedules.ListAsync(stop);
        Mirror(wanted);
        await NoteTimesAsync(wanted, stop);
        return true;
    }

    protected override void TellAway(Exception error) => LogNotMirrored(logger, error.Message, Interval);

    protected override void TellBack() => LogMirrored(logger);

    private void Mirror(IReadOnlyList<JobSchedule> wanted)
    {
        using IStorageConnection connection = storage.GetConnection();
        List<RecurringJobDto> recorded = connection.GetRecurringJobs();
        foreach (RecurringJobDto foreign in recorded.Where(job => job.LoadException is not null && _foreign.Add(job.Id)))
            LogForeign(logger, foreign.Id, (foreign.LoadException.InnerException ?? foreign.LoadException).Message);

        Dictionary<string, string> present = recorded
            .Where(job => job.Id.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(job => job.Id, job => job.Cron);

        foreach (JobSchedule schedule in wanted)
        {
            string id = Prefix + schedule.Name;
            if (!present.Remove(id, out string? cron) || cron != schedule.Cron)
                Set(id, schedule);
        }
        foreach (string removed in present.Keys)
            recurring.RemoveIfExists(removed);
    }

    /// <summary>Writes into the ledger when each fires next: with no worker left, the backlog is told from there, and a worker started in time.</summary>
    private async Task NoteTimesAsync(IReadOnlyList<JobSchedule> wanted, CancellationToken cancellation)
    {
        if (wanted.Count == 0)
            return;
        using IStorageConnection connection = storage.GetConnection();
        Dictionary<string, DateTime?> next = connection.GetRecurringJobs().ToDictionary(job => job.Id, job => job.NextExecution);
        foreach (JobSchedule schedule in wanted)
        {
            DateTimeOffset? at = next.GetValueOrDefault(Prefix + schedule.Name) is { } time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null;
            await schedules.SetNextAsync(schedule, at, cancellation);
        }
    }

    private void Set(string id, JobSchedule schedule)
    {
        try
        {
            recurring.AddOrUpdate<ScheduleFiring>(id, HangfireServers.ScheduleQueue, firing => firing.FireAsync(schedule.Name, null), schedule.Cron,
                // Relaxed: however many runs were missed while no worker was there, they are caught up by one.
                new RecurringJobOptions { TimeZone = TimeZoneInfo.Utc, MisfireHandling = MisfireHandlingMode.Relaxed });
        }
        catch (ArgumentException error)
        {
            if (_refused.Add((schedule.Name, schedule.Cron)))
                LogRefused(logger, schedule.Name, schedule.Cron, error.Message);
        }
    }

    [LoggerMessage(133, LogLevel.Error, "Hangfire's recurring job {Recurring} is refused and never runs: {Reason}. "
        + "If none of you made it, somebody else can write the ledger's database: change its passwords")]
    private static partial void LogForeign(ILogger logger, string recurring, string reason);

    [LoggerMessage(131, LogLevel.Warning, "The schedules cannot be compared with Hangfire's: {Reason}. Trying again every {Interval}")]
    private static partial void LogNotMirrored(ILogger logger, string reason, TimeSpan interval);

    [LoggerMessage(134, LogLevel.Information, "The schedules are compared with Hangfire's again")]
    private static partial void LogMirrored(ILogger logger);

    [LoggerMessage(132, LogLevel.Error, "Schedule {Schedule} never runs: \"{Cron}\" is no cron expression ({Reason}). Add it again with a right one")]
    private static partial void LogRefused(ILogger logger, string schedule, string cron, string reason);
}
