using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet runs list</c></summary>
internal static class RunsListCommand
{
    public static Command Create()
    {
        var tag = new Option<string?>("--tag") { Description = "Only the runs with this tag.", HelpName = "TAG" };
        var kind = new Option<string?>("--kind") { Description = "Only runs of this kind.", HelpName = "train|validate" };
        kind.AcceptOnlyFromAmong([.. Run.Kinds]);
        Option<int> limit = LimitOption.Create("How many runs to list.", 20);
        var command = new Command("list", "List the newest runs with their best validation.") { tag, kind, limit };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            IReadOnlyList<Run> runs = await services.GetRequiredService<RunStore>().ListAsync(parsed.GetValue(tag), parsed.GetValue(kind), parsed.GetValue(limit), interrupted);
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(runs.Select(RunsCommand.Document));
            else Show(runs, parsed.GetValue(tag));
            return 0;
        });
        return command;
    }

    private static void Show(IReadOnlyList<Run> runs, string? tag)
    {
        if (runs.Count == 0)
        {
            Screen.WriteLine(tag is null ? "There are no runs yet. `hrnet train --help` shows how to start one." : $"No run has the tag '{tag}'.");
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("run", "kind", "state", "tags", "what", "steps", "train loss", "top-1", "top-5", "loss", "ECE", "started", "took");
        foreach (Run run in runs)
        {
            table.AddRow(
                Screen.Cell(JobReference.Short(run.Job.Id)), Screen.Cell(run.Job.Kind), JobTable.State(run.Job.State), Screen.Cell(string.Join(", ", run.Tags)),
                Screen.Cell(What(run.Job)), Screen.Cell(run.LastStep is { } step ? Words.Count(step) : ""), Screen.Cell(RunsCommand.Number(run.TrainLoss)),
                Screen.Cell(RunsCommand.Percent(run.Best?.Top1)), Screen.Cell(RunsCommand.Percent(run.Best?.Top5)), Screen.Cell(RunsCommand.Number(run.Best?.Loss)),
                Screen.Cell(RunsCommand.Number(run.Best?.CalibrationError)),
                Screen.Cell(run.Job.StartedAt is { } started ? $"{started.ToLocalTime():MM-dd HH:mm}" : ""),
                Screen.Cell(RunsCommand.Duration(run.Job) is { } duration ? Words.Duration(duration) : ""));
        }
        Screen.Out.Write(table);
    }

    /// <summary>The network that is trained, or the checkpoint that is measured.</summary>
    private static string What(Job job)
    {
        string? Text(string name) => job.Arguments.TryGetProperty(name, out System.Text.Json.JsonElement value) ? value.ToString() : null;
        string size = Text("imageSize") is { Length: > 0 } side ? $" at {side}" : "";
        return job.Kind == "train" ? $"{Text("variant") ?? "custom"}{size}" : $"{Shortened(Text("checkpoint") ?? "")}{size}";
    }

    private static string Shortened(string checkpoint) => checkpoint.StartsWith("blob://", StringComparison.Ordinal) ? "…/" + string.Join('/', checkpoint.Split('/')[^2..]) : checkpoint;
}
