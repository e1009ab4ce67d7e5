using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet runs tag JOB TAG…</c> and <c>hrnet runs untag JOB TAG…</c></summary>
internal static class RunsTagCommand
{
    public static Command CreateTag() => Create("tag", "Tag a run; any number of runs may have the same tag.", async (runs, id, tags, cancellation) =>
    {
        if (tags.Select(ModelName.TagFault).FirstOrDefault(fault => fault is not null) is { } fault) throw new UserException($"{fault}.", UserException.WrongRequest);
        await runs.TagAsync(id, tags, cancellation);
    });

    public static Command CreateUntag() => Create("untag", "Take tags off a run.", async (runs, id, tags, cancellation) =>
    {
        if (await runs.UntagAsync(id, tags, cancellation) == 0)
            throw new UserException($"The run {JobReference.Short(id)} has no such tag. `hrnet runs list` shows the tags there are.");
    });

    private static Command Create(string name, string description, Func<RunStore, Guid, string[], CancellationToken, Task> change)
    {
        Argument<string> reference = JobArgument.Create();
        var tags = new Argument<string[]>("TAG") { Description = "Names such as baseline or paper; lower-case letters, digits, '-', '_' and '.'.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(name, description) { reference, tags };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var runs = services.GetRequiredService<RunStore>();
            Job job = await JobReference.FindAsync(services.GetRequiredService<JobStore>(), parsed.GetRequiredValue(reference), interrupted);
            await change(runs, job.Id, parsed.GetRequiredValue(tags), interrupted);
            IReadOnlyList<string> now = await runs.TagsAsync(job.Id, interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(new { job.Id, Tags = now });
            else Screen.WriteLine($"The run {JobReference.Short(job.Id)} is tagged {(now.Count == 0 ? "no longer" : string.Join(", ", now))}.");
            return 0;
        });
        return command;
    }
}
