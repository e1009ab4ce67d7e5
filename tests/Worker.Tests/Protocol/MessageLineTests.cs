using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Worker.Protocol;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Tests.Protocol;

public sealed class MessageLineTests
{
    public static TheoryData<Message> Messages() =>
    [
        new StopMessage(StopReason.Cancel),
        new LogMessage(LogLevel.Warning, "Category", 7, "Name", "two\nlines, Ω and \"quotes\"", null),
        new HeartbeatMessage(WorkCount: 7),
        new OutcomeMessage(new Outcome.HandedBack("saved")),
        new OutcomeMessage(new Outcome.Failed("no", FailureKind.Permanent)),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void TryParse_ReadsWhatFormatWrote_OnOneLine(Message message)
    {
        string line = MessageLine.Format(message);

        Assert.DoesNotContain('\n', line);
        Assert.Equal(message, MessageLine.TryParse(line));
    }

    [Fact]
    public void TryParse_ReadsTheStart_WithItsArguments()
    {
        var lease = new Lease(Guid.NewGuid(), Guid.NewGuid(), "train", 3, 1);
        JsonElement arguments = JsonSerializer.SerializeToElement(new { epochs = 2 });

        Message? read = MessageLine.TryParse(MessageLine.Format(new StartMessage(new AttemptStart(lease, arguments, "cuda:1", 4), TimeSpan.FromSeconds(5))));

        var start = Assert.IsType<StartMessage>(read);
        Assert.Equal((lease, "cuda:1", 4), (start.Start.Lease, start.Start.Device, start.Start.ThreadCount));
        Assert.Equal(2, start.Start.Arguments.GetProperty("epochs").GetInt32());
    }

    [Theory]
    [InlineData("[W ProcessGroup.cpp:12] a warning of a native library")]
    [InlineData("{\"type\":\"log\",\"lev")]
    [InlineData("{\"type\":\"unheard of\"}")]
    [InlineData("")]
    public void TryParse_PassesOver_WhatIsNoMessage(string line) => Assert.Null(MessageLine.TryParse(line));
}
