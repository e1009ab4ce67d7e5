using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet runs list|compare|tag|untag|export</c></summary>
internal static class RunsCommand
{
    private const string TagPrefix = "tag:";

    public static Command Create() => new("runs", "Compare, tag and export the metrics of train and validate jobs.")
    {
        RunsListCommand.Create(),
        RunsCompareCommand.Create(),
        RunsTagCommand.CreateTag(),
        RunsTagCommand.CreateUntag(),
        RunsExportCommand.Create(),
    };

    /// <summary>The argument that names runs.</summary>
    public static Argument<string[]> RunsArgument() => new("RUN")
    {
        Description = "A job's id or any unique part of it, or tag:NAME for every run with that tag.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The runs that somebody means, in that order, each once.</summary>
    /// <exception cref="UserException">One means none, several, or a job that is no run.</exception>
    public static async Task<IReadOnlyList<Run>> FindAsync(IServiceProvider services, IReadOnlyList<string> references, CancellationToken cancellation)
    {
        var runs = services.GetRequiredService<RunStore>();
        var ids = new List<Guid>();
        foreach (string reference in references)
        {
            if (reference.StartsWith(TagPrefix, StringComparison.OrdinalIgnoreCase))
            {
                string tag = reference[TagPrefix.Length..];
                IReadOnlyList<Run> tagged = await runs.ListAsync(tag, limit: int.MaxValue, cancellation: cancellation);
                if (tagged.Count == 0) throw new UserException($"No run has the tag '{tag}'. `hrnet runs list` shows the tags there are.");
                ids.AddRange(tagged.Select(run => run.Job.Id));
            }
            else
            {
                Job job = await JobReference.FindAsync(services.GetRequiredService<JobStore>(), reference, cancellation);
                if (!Run.Kinds.Contains(job.Kind))
                    throw new UserException($"{JobReference.Short(job.Id)} is a {job.Kind} job; only train and validate jobs are runs.", UserException.WrongRequest);
                ids.Add(job.Id);
            }
        }
        return await runs.FindAsync([.. ids.Distinct()], cancellation);
    }

    /// <summary>A run for programs.</summary>
    public static object Document(Run run) => new
    {
        run.Job.Id,
        run.Job.Kind,
        run.Job.State,
        run.Tags,
        Best = run.Best is not { } best ? null : new { best.Step, best.Top1, best.Top5, Loss = Finite(best.Loss), CalibrationError = Finite(best.CalibrationError) },
        run.LastStep,
        TrainLoss = Finite(run.TrainLoss),
        Seconds = Duration(run.Job)?.TotalSeconds,
        run.Job.CreatedAt,
        run.Job.Arguments,
        run.Job.Result,
    };

    /// <summary>From its start to its end; null while it has not ended.</summary>
    public static TimeSpan? Duration(Job job) => job.EndedAt - job.StartedAt;

    /// <summary>71.3 %</summary>
    public static string Percent(double? share) => share is { } value ? FormattableString.Invariant($"{100 * value:0.00} %") : "";

    /// <summary>0.713, or nothing.</summary>
    public static string Number(double? value) => value is { } number ? Words.Value(number) : "";

    // JSON knows no NaN.
    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
