using System.Globalization;
using HrNetBatch.Worker.Schedules;

namespace HrNetBatch.Worker.Tests.Schedules;

public sealed class ScheduleOccurrenceTests
{
    [Theory]
    [InlineData("0 3 * * *", "2026-03-10 03:00:00", "2026-03-10 03:00:00")]
    [InlineData("0 3 * * *", "2026-03-10 03:00:41", "2026-03-10 03:00:00")]
    [InlineData("0 3 * * *", "2026-03-10 02:59:59", "2026-03-09 03:00:00")]
    [InlineData("0 0 29 2 *", "2026-03-10 00:00:00", "2024-02-29 00:00:00")]
    [InlineData("*/10 * * * * *", "2026-03-10 03:00:41", "2026-03-10 03:00:40")]
    public void Before_IsTheLastRunThatIsDue(string cron, string firedAt, string expected) =>
        Assert.Equal(Utc(expected), ScheduleOccurrence.Before(cron, Utc(firedAt)));

    [Fact]
    public void JobId_IsTheSameForTheSameRun_AndDiffersOtherwise()
    {
        DateTime run = Utc("2026-03-10 03:00:00");

        Assert.Equal(ScheduleOccurrence.JobId("nightly", run), ScheduleOccurrence.JobId("nightly", run));
        Assert.NotEqual(ScheduleOccurrence.JobId("nightly", run), ScheduleOccurrence.JobId("nightly", run.AddDays(1)));
        Assert.NotEqual(ScheduleOccurrence.JobId("nightly", run), ScheduleOccurrence.JobId("weekly", run));
        Assert.Equal(8, ScheduleOccurrence.JobId("nightly", run).Version);
    }

    private static DateTime Utc(string time) =>
        DateTime.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
