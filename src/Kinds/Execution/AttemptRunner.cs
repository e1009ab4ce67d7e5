using System.Diagnostics;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Telemetry;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Execution;

/// <summary>The boundary between handlers and the ledger: the one place where every exception of a handler becomes an outcome.</summary>
public static partial class AttemptRunner
{
    /// <summary>Runs the handler; never throws.</summary>
    public static async Task<Outcome> RunAsync(IJobHandler handler, AttemptContext attempt, AttemptStop stop)
    {
        using Activity? span = HrNetTelemetry.Activities.StartActivity("attempt", ActivityKind.Consumer, attempt.Asker);
        span?.SetTag("hrnetbatch.job.id", attempt.Lease.JobId.ToString());
        span?.SetTag("hrnetbatch.job.kind", attempt.Lease.Kind);
        span?.SetTag("hrnetbatch.attempt.number", attempt.Lease.Attempt);
        span?.SetTag("hrnetbatch.attempt.lane", attempt.Lease.Lane);

        Outcome outcome = await OutcomeOfAsync(handler, attempt, stop);

        span?.SetTag("hrnetbatch.attempt.outcome", outcome.Name);
        if (outcome is Outcome.Failed failed)
            span?.SetStatus(ActivityStatusCode.Error, failed.Error);
        return outcome;
    }

    private static async Task<Outcome> OutcomeOfAsync(IJobHandler handler, AttemptContext attempt, AttemptStop stop)
    {
        try
        {
            return await handler.ExecuteAsync(attempt, stop.Token);
        }
#pragma warning disable CA1031 // Catching everything is this method's purpose.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Outcome outcome = FailureClassification.OutcomeOf(exception, stop.Reason);
            if (outcome is Outcome.Failed)
                LogFailure(attempt.Logger, exception, attempt.Lease.JobId, attempt.Lease.Attempt);
            return outcome;
        }
    }

    [LoggerMessage(1001, LogLevel.Error, "Job {Job} attempt {Attempt} failed")]
    private static partial void LogFailure(ILogger logger, Exception exception, Guid job, int attempt);
}
