using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Submission;

/// <summary>Puts a request into the ledger, says so, and watches it when asked to.</summary>
internal static class JobSubmission
{
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(JobRequest request, string? data, bool json, bool wait, CancellationToken cancellation)
    {
        await using ServiceProvider services = StackServices.Open(data);
        bool isNew = await services.GetRequiredService<JobStore>().EnqueueAsync(request, cancellation);
        if (json) Screen.WriteJsonLine(Document(request, isNew));
        else Show(request, isNew);
        return wait ? await JobWatch.RunAsync(services, request.Id, json, cancellation) : 0;
    }

    private static void Show(JobRequest request, bool isNew)
    {
        string id = JobReference.Short(request.Id);
        Screen.WriteLine(isNew ? $"Submitted {request.Kind} job {id} ({request.Id})." : $"The {request.Kind} job {id} was submitted already.");
        ShowFollowers(request);
        Screen.Say($"Next: `hrnet watch {id}` shows its progress, `hrnet cancel {id}` stops it.");
    }

    /// <summary>Says what follows the job.</summary>
    public static void ShowFollowers(JobRequest request)
    {
        if (request.Then.Count > 0) Screen.WriteLine($"When it succeeds: {Followers(request)}.");
    }

    private static string Followers(JobRequest request) => string.Join(" and ", request.Then.Select(follower =>
        $"{follower.Kind} {JobReference.Short(follower.Id)}{(follower.Then.Count > 0 ? $", then {Followers(follower)}" : "")}"));

    /// <summary>The ids of a request and of all that follows it, for programs.</summary>
    public static object Document(JobRequest request, bool? isNew = null) =>
        new { request.Id, request.Kind, New = isNew, Then = request.Then.Count == 0 ? null : request.Then.Select(follower => Document(follower)) };
}
