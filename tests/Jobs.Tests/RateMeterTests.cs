using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests;

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
        _time.Advance(TimeSpan.FromSeconds(6));
        meter.Note(30);

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

    [Fact]
    public void Rate_IsUnknownAtFirst_WhenPortionsHappenToEndTogether()
    {
        var meter = new RateMeter(_time);
        meter.Note(500);   // looked at for the first time, amid the work
        _time.Advance(TimeSpan.FromSeconds(0.3));
        meter.Note(1000);

        Assert.Null(meter.PerSecond);
        for (int portion = 0; portion < 3; portion++)
        {
            _time.Advance(TimeSpan.FromSeconds(4));
            meter.Note(1500 + (500 * portion));
        }
        Assert.Equal(125, meter.PerSecond!.Value, 3);   // 500 in 4 s
    }

    [Fact]
    public void Rate_ForgetsAPause_LikeTheValidationAfterAnEpoch()
    {
        var meter = new RateMeter(_time);
        int step = 0;
        Steps(20);
        _time.Advance(TimeSpan.FromMinutes(10));   // the validation
        Steps(7);

        Assert.Equal(1, meter.PerSecond!.Value, 3);
        Assert.Equal(TimeSpan.FromSeconds(100), meter.Left(100));

        void Steps(int count)
        {
            for (int i = 0; i < count; i++)
            {
                meter.Note(step++);
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    [Fact]
    public void Rate_IsKnown_WhenEachPortionTakesMinutes()
    {
        var meter = new RateMeter(_time);
        for (int portion = 0; portion < 4; portion++)
        {
            meter.Note(portion);
            _time.Advance(TimeSpan.FromMinutes(3));
        }
        meter.Note(4);

        Assert.Equal(1.0 / 180, meter.PerSecond!.Value, 6);
    }
}
