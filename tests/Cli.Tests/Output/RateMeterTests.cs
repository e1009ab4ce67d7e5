using HrNetBatch.Cli.Output;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Cli.Tests.Output;

public sealed class RateMeterTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Rate_IsThatOfTheLastSeconds()
    {
        var meter = new RateMeter(_time);
        for (int second = 0; second <= 120; second++)
        {
            meter.Note(second < 30 ? 100 * second : 3000 + 10 * (second - 30));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(10, meter.PerSecond!.Value, 3);
        Assert.Equal(TimeSpan.FromSeconds(10), meter.Left(100));
    }

    [Fact]
    public void Rate_IsSteady_WhenWorkIsReportedInPortions()
    {
        var meter = new RateMeter(_time);
        var rates = new List<double?>();
        for (int second = 0; second <= 100; second++)
        {
            meter.Note(second / 10 * 50);
            rates.Add(meter.PerSecond);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.All(rates[10..], rate => Assert.Equal(5, rate!.Value, 3));
    }

    [Fact]
    public void Rate_StartsAnew_WhenTheCountFallsBack()
    {
        var meter = new RateMeter(_time);
        meter.Note(1000);
        _time.Advance(TimeSpan.FromSeconds(1));
        meter.Note(0);   // an attempt was lost and resumes from its checkpoint
        _time.Advance(TimeSpan.FromSeconds(2));
        meter.Note(10);

        Assert.Equal(5, meter.PerSecond!.Value, 3);
    }

    [Fact]
    public void Rate_IsUnknown_WhenNothingHappensForLong()
    {
        var meter = new RateMeter(_time);
        for (int second = 0; second < 100; second++)
        {
            meter.Note(Math.Min(second, 10));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Null(meter.PerSecond);
        Assert.Null(meter.Left(100));
    }
}
