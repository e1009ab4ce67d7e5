using HrNetBatch.Worker.Attempts;
using HrNetBatch.Worker.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Worker.Tests.Attempts;

public sealed class HeartbeatWatchTests
{
    private static readonly SupervisionOptions Options = new()
    {
        StartTimeout = TimeSpan.FromSeconds(120),
        HeartbeatTimeout = TimeSpan.FromSeconds(60),
        StallTimeout = TimeSpan.FromMinutes(30),
    };

    private readonly FakeTimeProvider _time = new();
    private readonly List<StopCause> _causes = [];

    [Fact]
    public void Watch_FindsAProcessSilent_WhenNothingIsHeard()
    {
        using HeartbeatWatch watch = Start();
        watch.Heard(new HeartbeatMessage(1));

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(_causes);
        _time.Advance(TimeSpan.FromSeconds(16));
        Assert.Contains(StopCause.Silent, _causes);
    }

    [Fact]
    public void Watch_WaitsLonger_ForTheFirstSign()
    {
        using HeartbeatWatch watch = Start();

        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.Empty(_causes);
        _time.Advance(TimeSpan.FromSeconds(16));
        Assert.Contains(StopCause.Silent, _causes);
    }

    [Fact]
    public void Watch_FindsAHandlerStalled_WhenItsHeartBeatsButItsWorkStandsStill()
    {
        using HeartbeatWatch watch = Start();

        Beat(watch, TimeSpan.FromMinutes(29), workCount: _ => 5);
        Assert.Empty(_causes);
        Beat(watch, TimeSpan.FromMinutes(2), workCount: _ => 5);
        Assert.Contains(StopCause.Stalled, _causes);
        Assert.DoesNotContain(StopCause.Silent, _causes);
    }

    [Fact]
    public void Watch_IsContent_WhileTheWorkGetsOn()
    {
        using HeartbeatWatch watch = Start();

        Beat(watch, TimeSpan.FromHours(3), workCount: beat => beat / 200);   // a step every 1,000 s

        Assert.Empty(_causes);
    }

    private HeartbeatWatch Start() => new(Options, _time, _causes.Add);

    private void Beat(HeartbeatWatch watch, TimeSpan duration, Func<int, long> workCount)
    {
        for (int beat = 0; beat < duration.TotalSeconds / 5; beat++)
        {
            watch.Heard(new HeartbeatMessage(workCount(beat)));
            _time.Advance(TimeSpan.FromSeconds(5));
        }
    }
}
