using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet retry JOB [--failed-items] [--failed-item-limit FRACTION]</c></summary>
internal static class RetryCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var failedItems = new Option<bool>("--failed-items") { Description = "Of a classify job that has ended, run only the items that failed; a result that it has stands until it has the next." };
        var limit = new Option<double?>("--failed-item-limit") { Description = "The fraction of failed items that the job may have from now on, 0 to 1.", HelpName = "FRACTION" };
        var command = new Command("retry", "Run a failed or cancelled job again from where it stopped.") { reference, failedItems, limit };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var jobs = services.GetRequiredService<JobStore>();
            Job found = await JobReference.FindAsync(jobs, parsed.GetRequiredValue(reference), interrupted);
            var items = services.GetRequiredService<FailedItemRetry>();
            if (parsed.GetValue(failedItems)) await items.RetryItemsAsync(found.Id, parsed.GetValue(limit), interrupted);
            else if (parsed.GetValue(limit) is { } fraction) await items.AcceptAsync(found.Id, fraction, interrupted);
            else await jobs.RetryAsync(found.Id, interrupted);
            Job job = (await jobs.FindAsync(found.Id, interrupted))!;
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(job);
            else Screen.WriteLine($"Queued again. `hrnet watch {JobReference.Short(job.Id)}` shows its progress.");
            return 0;
        });
        return command;
    }
}
