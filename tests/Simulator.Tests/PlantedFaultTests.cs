using System.Text.RegularExpressions;
using HrNetBatch.TestKit;

namespace HrNetBatch.Simulator.Tests;

/// <summary>Faults that are planted into the product's statements on their way to the server: the rules find each.</summary>
public sealed partial class PlantedFaultTests(PostgresFixture postgres)
{
    private const int MostHistories = 400;

    /// <summary>
    /// A fault: what it is, which statement it changes and how, what is done to the schema, and the rules that may catch it.
    /// </summary>
    public static TheoryData<string, string, string, string?, string[]> Faults => new()
    {
        {
            "the fence lets everybody in", @"AND a\.ended_at IS NULL AND a\.lease_expires_at > clock_timestamp\(\)\s+FOR SHARE", "FOR SHARE", null,
            ["no write of an outdated lease has effect"]
        },
        {
            "a lease is renewed after its end", @"AND a\.ended_at IS NULL AND a\.lease_expires_at > clock_timestamp\(\) AND j\.id", "AND a.ended_at IS NULL AND j.id", null,
            ["no lease is renewed after its end"]
        },
        {
            "an event is written twice", "$^", "",
            """
            CREATE TRIGGER note_again BEFORE UPDATE ON hrnet.jobs FOR EACH ROW
            WHEN (NEW.state <> OLD.state AND NEW.state IN ('Running', 'Succeeded', 'Failed', 'Cancelled')) EXECUTE FUNCTION hrnet.note_change()
            """,
            ["each change of state is one event"]
        },
        {
            "a publisher deletes what it did not publish", @"DELETE FROM hrnet\.outbox WHERE position = ANY\(", "DELETE FROM hrnet.outbox WHERE position <> ALL(", null,
            ["no event is lost"]
        },
        { "an attempt is not counted", @"attempt_count = attempt_count \+ 1", "attempt_count = attempt_count", null, ["attempts are counted"] },
        { "a failure is not counted", @"failure_count = \$2,", "failure_count = failure_count + 0 * $2,", null, ["failures are counted"] },
        {
            "two may hold one lane", @"AND NOT EXISTS \(SELECT FROM hrnet\.attempts a WHERE a\.job_id = j\.id AND a\.lane = lane\.lane AND a\.ended_at IS NULL\)\s+ORDER BY lane LIMIT 1",
            "ORDER BY lane LIMIT 1", "DROP INDEX hrnet.attempts_live", ["one live holder per lane"]
        },
        {
            "a unit is anybody's", @"AND token = \$\d+ AND committed_at IS NULL\s+RETURNING round|AND NOT EXISTS \(\s*SELECT FROM hrnet\.attempts a WHERE a\.token = u\.token AND a\.ended_at IS NULL[^)]*\)\)", "RETURNING_ROUND", null,
            ["a committed unit stays", "one row per item", "unit totals are their units'", "no statement fails"]
        },
        {
            "a wake that went astray is not made again", @"WHERE w\.woken_at <= clock_timestamp\(\)", "WHERE false AND w.woken_at <= clock_timestamp()", null,
            ["everything ends"]
        },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task APlantedFault_IsFound(string fault, string pattern, string replacement, string? schema, string[] rules)
    {
        var planted = new Regex(pattern);
        string Plant(string text) => planted.Replace(text, found => replacement == "RETURNING_ROUND" ? (found.Value.EndsWith("round", StringComparison.Ordinal) ? "RETURNING round" : "") : replacement);
        string name = $"planted_{Digits().Replace(Guid.CreateVersion7().ToString("n"), "x")}";
        await using Simulation simulation = await Simulation.StartAsync((await postgres.ServerAsync()).ConnectionString, name, Plant, schema);

        Verdict? found = await Task.Factory.StartNew(
            () => Enumerable.Range(1, MostHistories).Select(simulation.Run).FirstOrDefault(verdict => verdict.Violation is not null),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.True(found is not null, $"{fault}: no rule was broken in {MostHistories} histories");
        TestContext.Current.TestOutputHelper!.WriteLine($"{fault}: seed {found.Seed}: {found.Violation}");
        Assert.Contains(found.Violation!.Rule, rules);
    }

    [GeneratedRegex("[^a-z0-9]")]
    private static partial Regex Digits();
}
