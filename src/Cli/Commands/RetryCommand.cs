using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet retry JOB [--failed-items]</c></summary>
internal static class RetryCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var command = new Command("retry", "Run a failed or cancelled job again from where it stopped.") { reference };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Data));
            var jobs = services.GetRequiredService<JobStore>();
            Job found = await JobReference.FindAsync(jobs, parsed.GetRequiredValue(reference), interrupted);
            Job job = await jobs.RetryAsync(found.Id, interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(job);
            else Screen.WriteLine($"Queued again. `hrnet watch {JobReference.Short(job.Id)}` shows its progress.");
            return 0;
        });
        return command;
    }
}
