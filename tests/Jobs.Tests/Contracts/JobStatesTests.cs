using HrNetBatch.Jobs.Contracts;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Contracts;

public sealed class JobStatesTests
{
    [Fact]
    public async Task Document_HasTheTableOfTheCode_AndTheDiagramOfTheTable()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "job-states.md"), TestContext.Current.CancellationToken);

        string[] table = [.. lines
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 6 && Enum.TryParse<JobState>(cells[1], out _))
            .Select(cells => $"{cells[1]} --> {cells[3]}: {cells[2]}")];
        string[] diagram = [.. lines.Select(line => line.Trim()).Where(line => line.Contains("-->", StringComparison.Ordinal) && !line.StartsWith("[*]", StringComparison.Ordinal))];
        string[] code = [.. JobStates.Transitions.Select(transition => $"{transition.From} --> {transition.To}: {transition.Event}")];

        Assert.Equal(code.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
        Assert.Equal(code.Order(StringComparer.Ordinal), diagram.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EndedJobs_CanOnlyBeRetried()
    {
        foreach (JobTransition transition in JobStates.Transitions.Where(transition => transition.From.HasEnded()))
            Assert.Equal(JobEvent.Retried, transition.Event);
    }

    [Fact]
    public void Next_RefusesWhatTheTableDoesNotHave()
    {
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() => JobState.Succeeded.Next(JobEvent.Claimed));
        Assert.Contains("Succeeded", refusal.Message, StringComparison.Ordinal);
    }
}
