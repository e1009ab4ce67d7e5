using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Runs;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet runs export RUN… --to DIR</c></summary>
internal static class RunsExportCommand
{
    public static Command Create()
    {
        Argument<string[]> references = RunsCommand.RunsArgument();
        var target = new Option<string>("--to") { Description = "The folder, with one folder a run in it; `tensorboard --logdir DIR` shows them together.", HelpName = "DIR", Required = true };
        var command = new Command("export", "Write runs as files: run.json, metrics.csv, log.jsonl, a TensorBoard event file and, where there was a validation, report.json.") { references, target };
        command.SetAction(async (parsed, interrupted) =>
        {
            LocalFile.RefuseAsFolder(parsed.GetRequiredValue(target), "--to");
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            IReadOnlyList<Run> runs = await RunsCommand.FindAsync(services, parsed.GetRequiredValue(references), interrupted);
            string root = Path.GetFullPath(parsed.GetRequiredValue(target));
            LocalFolder.Make(root);
            var export = new RunExport(services.GetRequiredService<MetricStore>());
            var written = new List<object>();
            foreach (Run run in runs)
            {
                string folder = Path.Combine(root, RunExport.FolderOf(run));
                long pointCount = await export.WriteAsync(run, folder, interrupted);
                written.Add(new { run.Job.Id, Folder = folder, Points = pointCount });
                if (!parsed.GetValue(CommandLine.Json)) Screen.WriteLine($"{folder}  {Words.Count(pointCount, "point")}");
            }
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(written);
            else Screen.Say($"Next: `tensorboard --logdir {root}`.");
            return 0;
        });
        return command;
    }
}
