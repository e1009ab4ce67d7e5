using System.Globalization;
using Hangfire;
using Hangfire.Common;
using Hangfire.Server;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Schedules;

/// <summary>What Hangfire runs when a schedule is due: it puts the schedule's request into the ledger.</summary>
public sealed partial class ScheduleFiring(ScheduleStore schedules, JobStore jobs, ILogger<ScheduleFiring> logger)
{
    /// <summary>Submits the job of this run; a second call for the same run finds it there.</summary>
    /// <param name="name">The schedule.</param>
    /// <param name="context">Tells when Hangfire fired; given by Hangfire.</param>
    [AutomaticRetry(Attempts = 20, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task FireAsync(string name, PerformContext? context)
    {
        if (await schedules.FindAsync(name) is not { } schedule)
            return; // removed in this moment

        DateTime firedAt = context?.GetJobParameter<long?>("Time") is { } time ? JobHelper.FromTimestamp(time) : context!.BackgroundJob.CreatedAt;
        DateTime occurrence = ScheduleOccurrence.Before(schedule.Cron, DateTime.SpecifyKind(firedAt, DateTimeKind.Utc)) ?? firedAt;
        JobRequest request = schedule.Request.WithNewIds() with { Id = ScheduleOccurrence.JobId(name, occurrence), Schedule = name };

        // The id names the run, so a crash on either side of this line, or a firing that comes twice, leaves exactly one job.
        await jobs.EnqueueAsync(request);
        LogFired(logger, name, occurrence.ToString("u", CultureInfo.InvariantCulture), request.Kind, request.Id);
    }

    [LoggerMessage(130, LogLevel.Information, "Schedule {Schedule}: the run of {Occurrence} is the {Kind} job {Job}")]
    private static partial void LogFired(ILogger logger, string schedule, string occurrence, string kind, Guid job);
}
