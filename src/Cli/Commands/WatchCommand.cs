using System.CommandLine;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet watch JOB</c></summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var command = new Command("watch", "Show a job and its followers until they end; exit code 0 only when all succeeded. A job that is still a message is waited for, by its whole id.") { reference };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            string text = parsed.GetRequiredValue(reference);
            bool isOnItsWay = Guid.TryParse(text, out Guid id) && services.GetRequiredService<IOptions<ServiceBusOptions>>().Value.IsOn;
            if (isOnItsWay) await new JobArrival(services).WaitAsync(id, sentAt: null, interrupted);
            else id = (await JobReference.FindAsync(services.GetRequiredService<JobStore>(), text, interrupted)).Id;
            return await JobWatch.RunAsync(services, id, parsed.GetValue(CommandLine.Json), interrupted);
        });
        return command;
    }
}
