using System.Text.RegularExpressions;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Ledger;

/// <summary>SQL has a room of its own, and says each thing once.</summary>
public sealed partial class StatementTests
{
    private static readonly string Source = Path.Combine(Repository.Root, "src");

    private static readonly string Room = Path.Combine("Jobs", "Ledger");

    private static IEnumerable<(string Name, string Text)> Files => Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
        .Select(file => (Path.GetRelativePath(Source, file), File.ReadAllText(file)));

    [Fact]
    public void StatementsOnTheLedgersTables_LieInTheLedger() =>
        Assert.Empty(Files.Where(file => !file.Name.StartsWith(Room, StringComparison.Ordinal) && Table().IsMatch(file.Text)).Select(file => file.Name));

    [Theory]
    [InlineData("lease_expires_at > clock_timestamp()")]             // a lease is held
    [InlineData("lease_expires_at <= clock_timestamp()")]            // … or has expired
    [InlineData("IN ('Queued', 'Scheduled', 'Running')")]            // a job is open
    [InlineData("IN ('train', 'validate')")]                         // a job is a run: written from Run.Kinds
    [InlineData("CASE WHEN u.round < p.round")]                      // the items that a unit still has
    public void ASharedNotion_IsWrittenOnce(string condition) =>
        Assert.True(Files.Sum(file => file.Text.Split(condition).Length - 1) <= 1, $"{condition} is written in several places: use the constant.");

    [GeneratedRegex(@"\bhrnet\.(jobs|attempts|wakes|plans|units|failed_items|suspect_units|metrics|reports|schedules|checkpoints|outbox|outbox_demand|run_tags)\b")]
    private static partial Regex Table();
}
