using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Makes the jobs that follow a success, in the transaction that records the success.</summary>
internal static class Followers
{
    /// <summary>Inserts the followers of <paramref name="parent"/>; those that exist already (after a retry of the parent) stay as they are.</summary>
    public static async Task InsertAsync(NpgsqlTransaction transaction, Job parent, JsonElement result, JobKinds kinds, CancellationToken cancellation)
    {
        foreach (JobRequest follower in parent.Followers)
            await JobRows.InsertAsync(transaction, Prepare(parent, follower, result, kinds), cancellation);
    }

    // A follower that cannot run still appears, as failed: somebody asked for it and must learn why it did not happen.
    private static NewJob Prepare(Job parent, JobRequest follower, JsonElement result, JobKinds kinds)
    {
        NewJob job = new(follower.Id, follower.Kind, follower.Arguments, 1, follower.Then, follower.NotBefore, parent.Id, parent.Schedule)
        {
            TraceParent = follower.TraceParent ?? parent.TraceParent,
            TraceState = follower.TraceParent is null ? parent.TraceState : follower.TraceState,
        };
        try
        {
            IJobArguments arguments = kinds.Parse(follower.Kind, ResultTemplate.Fill(follower.Arguments, result));
            return job with { Arguments = JobKinds.Write(arguments), LaneCount = arguments.LaneCount };
        }
        catch (Exception exception) when (exception is JobException or JobArgumentsException)
        {
            return job with { Error = exception.Message };
        }
    }
}
