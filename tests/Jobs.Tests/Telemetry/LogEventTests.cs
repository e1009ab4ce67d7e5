using System.Globalization;
using System.Text.RegularExpressions;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Telemetry;

public sealed partial class LogEventTests
{
    [Fact]
    public void EventIds_AreUsedOnce_AndLieInTheRangeOfTheirProject()
    {
        string source = Path.Combine(Repository.Root, "src");
        (string Project, int Id)[] events = [.. Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => LogEvent().Matches(File.ReadAllText(file)).Select(match => (
                Path.GetRelativePath(source, file).Split(Path.DirectorySeparatorChar)[0],
                int.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture))))];

        Assert.NotEmpty(events);
        Assert.Empty(events.GroupBy(found => found.Id).Where(group => group.Count() > 1).Select(group => group.Key));
        foreach ((string project, int id) in events)
            Assert.True(IsInRange(project, id), $"Event {id} of {project} is outside the project's range in docs/telemetry.md.");
    }

    private static bool IsInRange(string project, int id) => project switch
    {
        "Worker" => id is < 1000 or (>= 7100 and < 8000),
        "Jobs" => id is (>= 1000 and < 2000) or (>= 7000 and < 7100),
        "Kinds" => id is >= 1000 and < 4000,
        "Dashboard" => id is >= 4000 and < 5000,
        "LocalServiceBus" => id is >= 6000 and < 7000,
        _ => id is >= 5000 and < 6000,
    };

    [GeneratedRegex(@"\[LoggerMessage\((EventId = )?(?<id>\d+)")]
    private static partial Regex LogEvent();
}
