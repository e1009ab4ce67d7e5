using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Worker.Attempts;

namespace HrNetBatch.Worker.Tests.Attempts;

public sealed class AttemptVerdictTests
{
    private static readonly Outcome Success = Outcome.Success(new { });
    private static readonly Outcome Transient = new Outcome.Failed("the network broke", FailureKind.Transient);
    private static readonly Outcome Permanent = new Outcome.Failed("no such checkpoint", FailureKind.Permanent);
    private static readonly Outcome Saved = new Outcome.HandedBack("saved");

    public static TheoryData<string, string?, string?> Cases() => new()
    {
        // why it was stopped, what it said, what is written ("-": nothing)
        { "None", "Success", "Succeeded" },
        { "None", "Transient", "Failed" },
        { "None", null, "Failed" },
        { "Interrupt", "Success", "Succeeded" },
        { "Interrupt", "Saved", "HandedBack" },
        { "Interrupt", "Transient", "HandedBack" },
        { "Interrupt", "Permanent", "Failed" },
        { "Interrupt", null, "HandedBack" },
        { "Cancel", "Success", "Succeeded" },
        { "Cancel", "Transient", "Cancelled" },
        { "Cancel", null, "Cancelled" },
        { "Silent", null, "Failed" },
        { "Stalled", null, "Failed" },
        { "JobEnded", "Saved", "HandedBack" },
        { "JobEnded", null, "HandedBack" },
        { "Lost", "Success", null },
        { "Lost", null, null },
        { "None", "Lost", null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decide_SaysWhatIsWritten(string cause, string? reported, string? written)
    {
        Outcome? said = reported switch
        {
            "Success" => Success,
            "Transient" => Transient,
            "Permanent" => Permanent,
            "Saved" => Saved,
            "Lost" => new Outcome.Lost(),
            _ => null,
        };

        Outcome? verdict = AttemptVerdict.Decide(said, Enum.Parse<StopCause>(cause), exitCode: 1, lastWords: "", new SupervisionOptions());

        Assert.Equal(written, verdict?.Name);
    }

    [Fact]
    public void Decide_QuotesTheLastWords_WhenTheProcessDied()
    {
        var failed = Assert.IsType<Outcome.Failed>(AttemptVerdict.Decide(null, StopCause.None, exitCode: 139, "what(): shape mismatch", new SupervisionOptions()));

        Assert.Equal((FailureKind.Transient, true), (failed.Kind, failed.Died));
        Assert.Contains("SIGSEGV", failed.Error, StringComparison.Ordinal);
        Assert.Contains("what(): shape mismatch", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void LastLines_KeepsTheEnd_WhenThereIsMore()
    {
        var lines = new LastLines(lineCount: 2, lineLength: 5);

        foreach (string line in new[] { "first", "", "second", "third" })
            lines.Add(line);

        Assert.Equal("secon…\nthird", lines.ToString());
    }
}
