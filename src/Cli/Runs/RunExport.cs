using System.Text.Json;
using HrNetBatch.Cli.Commands;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;

namespace HrNetBatch.Cli.Runs;

/// <summary>Writes runs into folders of this machine, for other programs to read.</summary>
internal sealed class RunExport(MetricStore metrics)
{
    private static readonly JsonSerializerOptions Indented = new(JobJson.Options) { WriteIndented = true };

    /// <summary>The name of a run's folder.</summary>
    public static string FolderOf(Run run) => $"{run.Job.Kind}-{JobReference.Short(run.Job.Id)}";

    /// <summary>Writes a run's files over those that stand there.</summary>
    /// <returns>How many points its curves have.</returns>
    public async Task<long> WriteAsync(Run run, string folder, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        string Name(string name) => Path.Combine(folder, name);
        IReadOnlyList<RecordedPoint> points = await metrics.ReadRecordedAsync(run.Job.Id, cancellation);
        await File.WriteAllTextAsync(Name("run.json"), JsonSerializer.Serialize(RunsCommand.Document(run), Indented), cancellation);
        await File.WriteAllBytesAsync(
            Name("metrics.csv"),
            Csv.Of(["step", "name", "value", "time"], points.Select(point => new object?[] { point.Step, point.Name, point.Value, point.At.UtcDateTime.ToString("O") })),
            cancellation);
        await using (FileStream log = File.Create(Name("log.jsonl"))) RunLog.Write(log, points);
        await using (FileStream events = File.Create(Name(EventFile.NameOf(run.Job.Id)))) EventFile.Write(events, points);
        if (await metrics.FindReportAsync(run.Job.Id, cancellation) is { } report)
            await File.WriteAllTextAsync(Name("report.json"), JsonSerializer.Serialize(report, Indented), cancellation);
        return points.Count;
    }
}
