using HrNetBatch.Endurance;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests;

/// <summary>A short round of what tests/Endurance does with a million messages.</summary>
public sealed class EnduranceTests
{
    [Fact]
    public async Task WhileBrokerSendersAndReceiversAreKilled_NoMessageIsLost_NorOutOfOrderInItsSession()
    {
        using var folder = new TemporaryFolder();
        var plan = new Plan(Count: 3000, Kills: 4, Seed: 7);
        Verdict verdict = await new EnduranceRun(plan, folder.File("run"), line => TestContext.Current.TestOutputHelper?.WriteLine(line))
            .RunAsync(TestContext.Current.CancellationToken);
        Assert.True(verdict.Faults.Count == 0, verdict.ToString());
        Assert.True(verdict.Acknowledged >= 3000);
        Assert.All(verdict.Kills.Values, kills => Assert.True(kills >= 1));
    }

    [Theory]
    [InlineData("3 received 0-0 1\n", "2 messages were acknowledged and 1 received")]
    [InlineData("3 received 0-0 2,1\n", "2 came before 1")]
    [InlineData("3 received 0-0 1\n4 completed 0-0 1\n5 received 0-0 1,2\n", "1 came again after its completion was acknowledged")]
    public void AFault_IsSeen(string received, string fault)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("sent-0-1.log"), "1 acknowledged 0-0 1,2\n");
        File.WriteAllText(folder.File("received-2.log"), received);
        Verdict verdict = Verdict.Of(new Plan(2, 0, 1), folder.Path, new Dictionary<string, int>(), TimeSpan.FromSeconds(1), left: 0);
        Assert.Contains(verdict.Faults, found => found.Contains(fault, StringComparison.Ordinal));
    }
}
