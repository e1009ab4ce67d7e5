using System.CommandLine;
using System.Text.Json;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet results JOB</c></summary>
internal static class ResultsCommand
{
    public static Command Create()
    {
        Argument<string> reference = JobArgument.Create();
        var failed = new Option<bool>("--failed") { Description = "List the failed items with their reasons instead." };
        var download = new Option<string?>("--download") { Description = "Copy every blob that the result names, and the parts of a manifest, into this folder; what is not whole, or another job's, is an error.", HelpName = "DIR" };
        var command = new Command("results", "Show what a job made: metrics, checkpoints, counts, manifest.") { reference, failed, download };
        command.SetAction(async (parsed, interrupted) =>
        {
            LocalFile.RefuseAsFolder(parsed.GetValue(download), "--download");
            await using ServiceProvider services = StackServices.Open(parsed.GetValue(CommandLine.Stack));
            Job job = await JobReference.FindAsync(services.GetRequiredService<JobStore>(), parsed.GetRequiredValue(reference), interrupted);
            bool json = parsed.GetValue(CommandLine.Json);
            if (parsed.GetValue(failed)) return await FailedAsync(services, job, json, interrupted);
            IReadOnlyList<MetricPoint> metrics = await services.GetRequiredService<MetricStore>().ReadLatestAsync(job.Id, interrupted);
            long failedCount = await services.GetRequiredService<FailedItemStore>().CountAsync(job.Id, interrupted);
            int fileCount = 0;
            if (parsed.GetValue(download) is { } folder)
            {
                JsonElement result = job.Result ?? throw NoResult(job);
                LocalFolder.Make(folder);
                var results = new ResultDownload(services.GetRequiredService<BlobStore>(), services.GetRequiredService<ManifestStore>());
                fileCount = await results.RunAsync(job.Id, result, folder, interrupted);
            }
            if (json) Screen.WriteJson(new { job.Id, job.Kind, job.State, job.Result, FailedItems = failedCount, Metrics = metrics, Downloaded = fileCount });
            else Show(job, metrics, failedCount, fileCount);
            return job.Result is null || job.State == JobState.Failed ? 1 : 0;
        });
        return command;
    }

    private static void Show(Job job, IReadOnlyList<MetricPoint> metrics, long failedCount, int fileCount)
    {
        string id = JobReference.Short(job.Id);
        if (job.Result is not { } result)
        {
            Screen.Warn(NoResult(job).Message);
        }
        else
        {
            var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
            foreach (JsonProperty field in result.EnumerateObject())
                table.AddRow(new Text(field.Name, new Style(decoration: Decoration.Bold)), Screen.Cell(Written(field.Value)));
            Screen.Out.Write(table);
            if (job.State != JobState.Succeeded)
                Screen.Warn(job.State == JobState.Failed
                    ? $"This is the result from before the retry of its failed items, which failed: {Words.Sentence(job.Error ?? "no reason was recorded")}"
                    : $"This is the result from before the retry of its failed items, which is {job.State}.");
        }
        if (metrics.Count > 0)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("curve", "last step", "last value");
            foreach (MetricPoint point in metrics) table.AddRow(Screen.Cell(point.Name), Screen.Cell(Words.Count(point.Step)), Screen.Cell(Words.Value(point.Value)));
            Screen.Out.Write(table);
        }
        if (fileCount > 0) Screen.WriteLine($"Downloaded {Words.Count(fileCount, "file")}.");
        if (failedCount > 0) Screen.Say($"{Words.Count(failedCount, "item")} failed: `hrnet results {id} --failed` lists what failed, `hrnet retry {id} --failed-items` runs only that again.");
    }

    private static async Task<int> FailedAsync(IServiceProvider services, Job job, bool json, CancellationToken cancellation)
    {
        var items = services.GetRequiredService<FailedItemStore>();
        string? after = null;
        long count = 0;
        while (await items.ListAsync(job.Id, after, 1000, cancellation) is { Count: > 0 } page)
        {
            foreach (FailedItem item in page)
            {
                if (json) Screen.WriteJsonLine(item);
                else Screen.WriteLine($"{item.Name}  {item.Reason}");
            }
            count += page.Count;
            after = page[^1].Name;
        }
        if (!json) Screen.Say(count == 0 ? "No item failed." : $"{Words.Count(count, "item")} failed. `hrnet retry {JobReference.Short(job.Id)} --failed-items` runs only {(count == 1 ? "that" : "those")} again.");
        return 0;
    }

    private static string Written(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when !value.TryGetInt64(out _) => Words.Value(value.GetDouble()),
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => string.Join("; ", value.EnumerateArray()),
        _ => Words.Text(value),
    };

    private static UserException NoResult(Job job) => new(job.State.HasEnded()
        ? $"The {job.Kind} job {JobReference.Short(job.Id)} ended without a result: {job.State}. `hrnet status {JobReference.Short(job.Id)}` says why."
        : $"The {job.Kind} job {JobReference.Short(job.Id)} has no result yet: {job.State}. `hrnet watch {JobReference.Short(job.Id)}` waits for it.");
}
