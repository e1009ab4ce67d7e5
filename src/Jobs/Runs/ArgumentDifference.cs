using System.Text.Json;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Runs;

/// <summary>What tells several runs apart: the arguments in which they differ.</summary>
/// <param name="Name">The argument.</param>
/// <param name="Values">Its value in each run, in the order of the runs; null where a run has none.</param>
public sealed record ArgumentDifference(string Name, IReadOnlyList<JsonElement?> Values)
{
    /// <summary>The arguments that are not the same in all runs, by name; where a validate job stands beside a train job, those that both have.</summary>
    public static IReadOnlyList<ArgumentDifference> Of(IReadOnlyList<Run> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        IEnumerable<string> names = runs.SelectMany(run => run.Job.Arguments.EnumerateObject()).Select(argument => argument.Name).Distinct();
        bool areAlike = runs.Select(run => run.Job.Kind).Distinct().Count() == 1;
        return [.. names
            .Order(StringComparer.Ordinal)
            .Select(name => new ArgumentDifference(name, [.. runs.Select(run => run.Job.Arguments.TryGetProperty(name, out JsonElement value) ? value : (JsonElement?)null)]))
            .Where(argument => areAlike || argument.Values.All(value => value is not null))
            .Where(argument => argument.Values.Select(value => value?.GetRawText()).Distinct().Count() > 1)];
    }
}
