using System.CommandLine;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet watch JOB</c></summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var command = new Command("watch", "Show a job and its followers until they end; exit code 0 only when all succeeded.") { reference };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Data));
            Job job = await JobReference.FindAsync(services.GetRequiredService<JobStore>(), parsed.GetRequiredValue(reference), interrupted);
            return await JobWatch.RunAsync(services, job.Id, parsed.GetValue(CommandLine.Json), interrupted);
        });
        return command;
    }
}
