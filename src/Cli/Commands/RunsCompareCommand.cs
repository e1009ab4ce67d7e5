using System.CommandLine;
using System.Text.Json;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet runs compare RUN…</c></summary>
internal static class RunsCompareCommand
{
    public static Command Create()
    {
        Argument<string[]> references = RunsCommand.RunsArgument();
        var command = new Command("compare", "Show side by side in which arguments runs differ, and how they did; the best of each line stands out.") { references };
        command.SetAction(async (parsed, interrupted) =>
        {
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            IReadOnlyList<Run> runs = await RunsCommand.FindAsync(services, parsed.GetRequiredValue(references), interrupted);
            if (runs.Count < 2) throw new UserException("Only one run was named; comparing takes two or more.", UserException.WrongRequest);
            IReadOnlyList<ArgumentDifference> differences = ArgumentDifference.Of(runs);
            if (parsed.GetValue(CommandLine.Json))
                Screen.WriteJson(new { Runs = runs.Select(RunsCommand.Document), Differences = differences });
            else
                Show(runs, differences);
            return 0;
        });
        return command;
    }

    private static void Show(IReadOnlyList<Run> runs, IReadOnlyList<ArgumentDifference> differences)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumns([.. runs.Select(run => JobReference.Short(run.Job.Id))]);
        Row("kind", run => run.Job.Kind);
        Row("state", run => $"{run.Job.State}");
        Row("tags", run => string.Join(", ", run.Tags));
        foreach (ArgumentDifference argument in differences)
            table.AddRow([Screen.Cell(argument.Name), .. argument.Values.Select(value => Screen.Cell(Written(value)))]);
        table.AddEmptyRow();
        Row("steps", run => run.LastStep is { } step ? Words.Count(step) : "");
        Measure("train loss", run => run.TrainLoss, RunsCommand.Number, lowIsBest: true);
        Row("best validation at step", run => run.Best is { } best ? Words.Count(best.Step) : "");
        Measure("top-1", run => run.Best?.Top1, RunsCommand.Percent, lowIsBest: false);
        Measure("top-5", run => run.Best?.Top5, RunsCommand.Percent, lowIsBest: false);
        Measure("loss", run => run.Best?.Loss, RunsCommand.Number, lowIsBest: true);
        Measure("calibration error", run => run.Best?.CalibrationError, RunsCommand.Number, lowIsBest: true);
        Row("took", run => RunsCommand.Duration(run.Job) is { } duration ? Words.Duration(duration) : "");
        Screen.Out.Write(table);

        void Row(string name, Func<Run, string> text)
        {
            string[] cells = [.. runs.Select(text)];
            if (cells.Any(cell => cell.Length > 0)) table.AddRow([Screen.Cell(name), .. cells.Select(Screen.Cell)]);
        }

        void Measure(string name, Func<Run, double?> value, Func<double?, string> write, bool lowIsBest)
        {
            double?[] values = [.. runs.Select(value)];
            double?[] known = [.. values.Where(one => one is { } number && !double.IsNaN(number))];
            if (values.All(one => one is null)) return;
            double? best = lowIsBest ? known.Min() : known.Max();
            table.AddRow([Screen.Cell(name), .. values.Select(one => new Text(write(one), one == best && best is not null ? new Style(Color.Green, decoration: Decoration.Bold) : Style.Plain))]);
        }
    }

    private static string Written(JsonElement? value) => value is not { } given ? "–"
        : given.ValueKind == JsonValueKind.Null ? "–"
        : given.ValueKind == JsonValueKind.Array && given.GetArrayLength() > 6 ? $"{given.GetArrayLength()} values"
        : Words.Text(given);
}
