using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Verifying;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet verify JOB</c></summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var command = new Command(
            "verify",
            "Audit the result of a finished job: a classify job's rows against its input, a train job's checkpoints against its log. Ends with 1 where anything is wrong.")
        {
            reference,
        };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            Job job = await JobReference.FindAsync(services.GetRequiredService<JobStore>(), parsed.GetRequiredValue(reference), interrupted);
            Verification found = await VerifyAsync(services, job, interrupted);
            if (parsed.GetValue(CommandLine.Json))
                Screen.WriteJson(new { job.Id, job.Kind, found.IsSound, found.FindingCount, found.Findings, found.Facts, found.Remarks });
            else
                Show(job, found);
            return found.IsSound ? 0 : 1;
        });
        return command;
    }

    private static async Task<Verification> VerifyAsync(IServiceProvider services, Job job, CancellationToken cancellation)
    {
        string name = $"The {job.Kind} job {JobReference.Short(job.Id)}";
        if (job.Kind is not ("classify" or "train"))
            throw new UserException($"{name} cannot be verified: only classify and train jobs are. `hrnet results {JobReference.Short(job.Id)}` shows what it made.", UserException.WrongRequest);
        if (job.State != JobState.Succeeded || job.Result is null)
            throw new UserException($"{name} has nothing to verify: it is {job.State}. `hrnet status {JobReference.Short(job.Id)}` says more.");
        if (job.Kind == "classify")
        {
            long failedCount = await services.GetRequiredService<FailedItemStore>().CountAsync(job.Id, cancellation);
            PinnedCheckpoint? pinned = await services.GetRequiredService<PinnedCheckpointStore>().FindAsync(job.Id, cancellation);
            return await new ClassifyVerification(services.GetRequiredService<BlobAccounts>(), job, pinned, failedCount).RunAsync(cancellation);
        }
        IReadOnlyList<MetricPoint> metrics = await services.GetRequiredService<MetricStore>().ReadAsync(job.Id, cancellation: cancellation);
        return await new TrainVerification(services.GetRequiredService<BlobStore>(), job, metrics).RunAsync(cancellation);
    }

    private static void Show(Job job, Verification found)
    {
        foreach (string fact in found.Facts) Screen.WriteLine($"  {fact}");
        foreach (string remark in found.Remarks) Screen.Warn($"  {remark}");
        foreach (string finding in found.Findings) Screen.Out.Write(new Text($"✗ {finding}\n", Color.Red));
        if (found.FindingCount > found.Findings.Count) Screen.WriteLine($"  and {Words.Count(found.FindingCount - found.Findings.Count)} more");
        string name = $"The result of the {job.Kind} job {JobReference.Short(job.Id)}";
        Screen.WriteLine(found.IsSound ? $"✓ {name} is what it promises." : $"{name} is not what it promises: {Words.Count(found.FindingCount, "finding")}.");
    }
}
