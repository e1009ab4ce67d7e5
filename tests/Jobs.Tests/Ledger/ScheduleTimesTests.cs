using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class ScheduleTimesTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    [Theory]
    [InlineData("0 3 * * *", "0 3 * * *")]
    [InlineData(" */5 * * * * * ", "*/5 * * * * *")]
    [InlineData("0 3 29 2 *", "0 3 29 2 *")]
    [InlineData("0 3 31 1,2 *", "0 3 31 1,2 *")]
    [InlineData("@daily", "0 0 * * *")]
    [InlineData("@Hourly", "0 * * * *")]
    [InlineData("@weekly", "0 0 * * 0")]
    [InlineData("@monthly", "0 0 1 * *")]
    [InlineData("@yearly", "0 0 1 1 *")]
    public void Schedule_IsKeptAsFields(string text, string fields) => Assert.Equal(fields, ScheduleTimes.Fields(text));

    [Theory]
    [InlineData("0 3 31 2 *", "never fires")]
    [InlineData("0 0 31 4,6 *", "never fires")]
    [InlineData("0 0 0 30 2 *", "never fires")]
    [InlineData("@reboot", "'@reboot' is no name of a schedule; the names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.")]
    [InlineData("@every 5m", "Every five minutes is \"*/5 * * * *\"")]
    [InlineData("@every_minute", "Every five minutes is \"*/5 * * * *\"")]
    [InlineData("every day", "has 2 fields, and a cron expression has five: minute, hour")]
    [InlineData("", "has 0 fields")]
    [InlineData("61 3 * * *", "'61 3 * * *' is no cron expression: Minutes: Value must be a number between 0 and 59")]
    public void Schedule_IsRefused_WhenItIsNoneOrNeverFires(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => ScheduleTimes.Fields(text)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Store_RefusesAScheduleThatNeverFires_AndKeepsANameAsFields()
    {
        ScheduleStore schedules = new(ledger.Source, LedgerDatabase.Kinds);
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" });
        CancellationToken stop = TestContext.Current.CancellationToken;

        await Assert.ThrowsAsync<FormatException>(() => schedules.SetAsync("never", "0 3 31 2 *", request, stop));
        await schedules.SetAsync("daily", "@daily", request, stop);

        Assert.Equal("0 0 * * *", Assert.Single(await schedules.ListAsync(stop)).Cron);
    }
}
