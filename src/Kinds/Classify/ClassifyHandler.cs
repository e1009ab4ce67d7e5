using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Kinds.Classify;

/// <summary>
/// Classifies every blob of a folder. Any number of lanes run this side by side: they share the units, and one of them lists the input
/// at the start and writes the manifest at the end.
/// </summary>
internal sealed class ClassifyHandler(OutputClaims outputs, UnitPlanner planner, UnitWorker worker, Finisher finisher) : IJobHandler
{
    /// <inheritdoc/>
    public static void AddServices(IServiceCollection services) => services.AddClassify();

    /// <inheritdoc/>
    public async Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        var job = ClassifyJob.Of(attempt);
        await outputs.ClaimAsync(job, stop);

        try
        {
            await Stages.RunAsync(stop,
                stop => planner.RunAsync(job, stop), // until the input is listed
                stop => worker.RunAsync(job, stop)); // until every unit is committed
            return await finisher.RunAsync(job, stop) is { } result
                ? Outcome.Success(result)
                : new Outcome.HandedBack("another lane finished the job");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Committed units stay; those in the pipeline are dropped, and their claims end with this attempt.
            return attempt.Stopped("interrupted; committed units are kept");
        }
    }
}
