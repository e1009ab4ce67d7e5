using Hangfire;
using Hangfire.Server;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Worker.Schedules;
using Microsoft.Extensions.Logging.Abstractions;

namespace HrNetBatch.Simulator.Actors;

/// <summary>Fires schedules as Hangfire does.</summary>
internal static class Schedules
{
    public static Task FireAsync(Session session, string name, DateTime at, Calls calls)
    {
        var firing = new ScheduleFiring(session.Get<ScheduleStore>(), session.Jobs, NullLogger<ScheduleFiring>.Instance);
        var job = new BackgroundJob("firing", Hangfire.Common.Job.FromExpression<ScheduleFiring>(firing => firing.FireAsync(name, null)), at);
        return firing.FireAsync(name, new PerformContext(calls, calls.GetConnection(), job, new JobCancellationToken(false)));
    }
}
