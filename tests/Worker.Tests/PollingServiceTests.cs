using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Worker.Tests;

public sealed class PollingServiceTests
{
    [Fact]
    public async Task Steps_GoOnWhateverTheyThrow_AndTellOnceThatTheyFailAndOnceThatTheySucceedAgain()
    {
        var time = new QuickTime();
        string?[] failures = [null, "first", "second", "third", null, null];
        var service = new Steps(time, failures);

        await service.StartAsync(TestContext.Current.CancellationToken);
        await service.ExecuteTask!;

        Assert.Equal(["away: first", "back"], service.Told);
        Assert.Equal([1, 2, 4, 5, 1], time.Pauses.Select(pause => pause.TotalSeconds)); // 5 is the longest
    }

    [Fact]
    public async Task AStep_IsMadeSooner_WhenItIsAskedFor()
    {
        var service = new Steps(new FakeTimeProvider(), [null, null]);

        await service.StartAsync(TestContext.Current.CancellationToken);
        service.Ask.SetResult();

        await service.ExecuteTask!.WaitAsync(TestContext.Current.CancellationToken); // the clock never moves
        Assert.Equal(2, service.StepCount);
    }

    /// <summary>A clock on which every pause is over at once, and noted.</summary>
    private sealed class QuickTime : FakeTimeProvider
    {
        public List<TimeSpan> Pauses { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    private sealed class Steps(TimeProvider time, string?[] failures) : PollingService(time)
    {
        public TaskCompletionSource Ask { get; } = new();

        public List<string> Told { get; } = [];

        public int StepCount { get; private set; }

        protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

        protected override TimeSpan LongestPause => TimeSpan.FromSeconds(5);

        protected override Task Sooner => Ask.Task;

        protected override Task<bool> StepAsync(CancellationToken stop)
        {
            return failures[StepCount++] is { } failure ? throw new InvalidOperationException(failure) : Task.FromResult(StepCount < failures.Length);
        }

        protected override void TellAway(Exception error) => Told.Add($"away: {error.Message}");

        protected override void TellBack() => Told.Add("back");
    }
}
