using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace HrNetBatch.Cli.Watching;

/// <summary>Jobs with bars, rates, times left and curves, as text that is redrawn or written line by line.</summary>
internal static class JobTable
{
    private const int BarWidth = 24;

    // What tells whether it learns, and how fast; `hrnet results` and the dashboard have all the curves.
    private static readonly string[] Shown = ["train_loss", "train_top1", "valid_loss", "valid_top1", "images_per_second"];

    /// <summary>Two lines a job: its progress, and what is going on.</summary>
    public static IRenderable Render(IEnumerable<WatchedJob> jobs)
    {
        var lines = new List<IRenderable>();
        foreach (WatchedJob watched in jobs)
        {
            lines.Add(Progress(watched));
            string details = Details(watched);
            if (details.Length > 0) lines.Add(new Padder(new Text(details, new Style(Color.Grey)), new Padding(2, 0, 0, 0)));
        }
        return new Rows(lines);
    }

    /// <summary>One line without colours.</summary>
    public static string Line(WatchedJob watched)
    {
        string[] parts = [$"{watched.Job.Kind} {JobReference.Short(watched.Job.Id)} {watched.Job.State}", Numbers(watched), Details(watched)];
        return string.Join("  ", parts.Where(part => part.Length > 0));
    }

    /// <summary>A state in its colour.</summary>
    public static Text State(JobState state) => new($"{state}", ColorOf(state));

    /// <summary>62 %  3,800 of 6,100  87/s  12 s left</summary>
    public static string Numbers(WatchedJob watched)
    {
        Job job = watched.Job;
        var parts = new List<string>();
        if (watched.Fraction is { } fraction) parts.Add($"{Math.Floor(fraction * 100):0} %");
        if (job.TotalCount is { } total) parts.Add($"{Words.Count(job.DoneCount)} of {Words.Count(total)}");
        else if (job.DoneCount > 0) parts.Add(Words.Count(job.DoneCount));
        if (watched.PerSecond is { } rate) parts.Add(Words.Rate(rate));
        if (watched.Left is { } left) parts.Add($"{Words.Duration(left)} left");
        return string.Join("  ", parts);
    }

    private static string Details(WatchedJob watched)
    {
        string curves = string.Join("  ", Shown.SelectMany(name => watched.Metrics.Where(point => point.Name == name))
            .Select(point => $"{point.Name} {Words.Value(point.Value)}"));
        return string.Join("  ", new[] { watched.Remark(), curves }.Where(part => part.Length > 0));
    }

    private static Paragraph Progress(WatchedJob watched)
    {
        int filled = (int)Math.Round((watched.Fraction ?? 0) * BarWidth);
        return new Paragraph()
            .Append($"{watched.Job.Kind,-8} ", new Style(decoration: Decoration.Bold))
            .Append($"{JobReference.Short(watched.Job.Id)} ", Color.Grey)
            .Append($"{watched.Job.State,-9} ", ColorOf(watched.Job.State))
            .Append(new string('━', filled), Color.Blue)
            .Append(new string('─', BarWidth - filled), Color.Grey)
            .Append($" {Numbers(watched)}");
    }

    private static Color ColorOf(JobState state) => state switch
    {
        JobState.Succeeded => Color.Green,
        JobState.Failed => Color.Red,
        JobState.Cancelled => Color.Yellow,
        JobState.Running => Color.Blue,
        _ => Color.Default,
    };
}
