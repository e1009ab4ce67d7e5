using System.CommandLine;
using System.Text.Json;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet status [JOB]</c></summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var reference = new Argument<string?>("JOB") { Description = "The job's id, or any unique part of it. Without it: the newest jobs.", Arity = ArgumentArity.ZeroOrOne };
        Option<int> limit = LimitOption.Create("How many jobs to list.", 20);
        var command = new Command("status", "List jobs, or show one with its attempts.") { reference, limit };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            var jobs = services.GetRequiredService<JobStore>();
            bool json = parsed.GetValue(CommandLine.Json);
            if (parsed.GetValue(reference) is not { } text) return await ListAsync(jobs, parsed.GetValue(limit), json, interrupted);
            Job job = await JobReference.FindAsync(jobs, text, interrupted);
            PinnedCheckpoint? checkpoint = await services.GetRequiredService<PinnedCheckpointStore>().FindAsync(job.Id, interrupted);
            return await ShowAsync(jobs, job, checkpoint, services.GetRequiredService<TimeProvider>(), json, interrupted);
        });
        return command;
    }

    private static async Task<int> ListAsync(JobStore jobs, int limit, bool json, CancellationToken cancellation)
    {
        IReadOnlyList<Job> newest = await jobs.ListAsync(limit: limit, cancellation: cancellation);
        if (json)
        {
            Screen.WriteJson(newest);
            return 0;
        }
        if (newest.Count == 0)
        {
            Screen.WriteLine("There are no jobs yet. `hrnet train --help` and `hrnet classify --help` show how to submit one.");
            return 0;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("job", "kind", "state", "progress", "submitted", "remark");
        foreach (Job job in newest)
        {
            var watched = new WatchedJob(job, TimeProvider.System);
            table.AddRow(
                Screen.Cell(JobReference.Short(job.Id)), Screen.Cell(job.Kind), JobTable.State(job.State), Screen.Cell(JobTable.Numbers(watched)),
                Screen.Cell($"{job.CreatedAt.ToLocalTime():MM-dd HH:mm:ss}"), Screen.Cell(Shortened(watched.Remark(), 70)));
        }
        Screen.Out.Write(table);
        IReadOnlyDictionary<JobState, long> counts = await jobs.CountAsync(cancellation);
        if (counts.Values.Sum() > newest.Count)
            Screen.Say($"{Words.Count(counts.Values.Sum(), "job")} in all; --limit N shows more.");
        return 0;
    }

    private static async Task<int> ShowAsync(JobStore jobs, Job job, PinnedCheckpoint? checkpoint, TimeProvider time, bool json, CancellationToken cancellation)
    {
        IReadOnlyList<Attempt> attempts = await jobs.ListAttemptsAsync(job.Id, cancellation);
        IReadOnlyList<Job> followers = await jobs.ListFollowersAsync(job.Id, cancellation);
        if (json)
        {
            Screen.WriteJson(new { Job = job, Checkpoint = checkpoint, Attempts = attempts, FollowedBy = followers.Select(follower => follower.Id) });
            return 0;
        }

        var watched = new WatchedJob(job, time);
        Screen.WriteLine($"{job.Kind} {job.Id}  {job.State}  {JobTable.Numbers(watched)}".TrimEnd());
        if (watched.Remark() is { Length: > 0 } remark) Screen.WriteLine($"  {remark}");
        var facts = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        foreach (JsonProperty argument in job.Arguments.EnumerateObject()) facts.AddRow(Screen.Cell(argument.Name), Screen.Cell(Words.Text(argument.Value)));
        Screen.Out.Write(new Padder(facts, new Padding(2, 0, 0, 0)));
        if (checkpoint is not null)
            Screen.WriteLine($"Uses {checkpoint.Checkpoint}{(checkpoint.Sha256 is { } sha256 ? $" (SHA-256 {sha256})" : "")}");
        ShowAttempts(attempts);
        foreach (Job follower in followers)
            Screen.WriteLine($"Followed by {follower.Kind} {JobReference.Short(follower.Id)}: {follower.State}");
        foreach (JobRequest follower in job.Followers.Where(follower => followers.All(started => started.Id != follower.Id)))
            Screen.WriteLine($"When it succeeds: {follower.Kind} {JobReference.Short(follower.Id)}");
        return 0;
    }

    private static void ShowAttempts(IReadOnlyList<Attempt> attempts)
    {
        if (attempts.Count == 0) return;
        var table = new Table().Border(TableBorder.Simple).AddColumns("attempt", "lane", "worker", "device", "started", "took", "outcome");
        foreach (Attempt attempt in attempts)
        {
            string outcome = attempt.Outcome is null ? "running" : attempt.Error is null ? attempt.Outcome : $"{attempt.Outcome}: {attempt.Error}";
            table.AddRow(
                Screen.Cell($"{attempt.Number}"), Screen.Cell($"{attempt.Lane}"), Screen.Cell(attempt.Worker), Screen.Cell(attempt.Device),
                Screen.Cell($"{attempt.StartedAt.ToLocalTime():MM-dd HH:mm:ss}"),
                Screen.Cell(attempt.EndedAt is { } ended ? Words.Duration(ended - attempt.StartedAt) : ""), Screen.Cell(outcome));
        }
        Screen.Out.Write(table);
    }

    private static string Shortened(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
