using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet cancel JOB</c></summary>
internal static class CancelCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var command = new Command("cancel", "Stop a job; a running one stops within seconds and keeps what it has done. Of a job whose failed items are retried it stops the retry.") { reference };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var jobs = services.GetRequiredService<JobStore>();
            Job found = await JobReference.FindAsync(jobs, parsed.GetRequiredValue(reference), interrupted);
            if (found.State.HasEnded() && found.State != JobState.Cancelled)
                throw new UserException($"The {found.Kind} job {JobReference.Short(found.Id)} has ended already: {found.State}. There is nothing to cancel.");
            Job job = await jobs.CancelAsync(found.Id, interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(job);
            else Screen.WriteLine(job.State switch
            {
                JobState.Running => "Asked to stop; its worker does so within seconds.",
                JobState.Succeeded => "The retry is cancelled; the job is Succeeded, with the result that it had.",
                _ => $"{job.State}.",
            });
            return 0;
        });
        return command;
    }
}
