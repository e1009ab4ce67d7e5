using Xunit;

namespace HrNetBatch.TestKit;

/// <summary>Waits for a real condition: the one place where tests let time pass.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until the condition holds, and fails the test when it does not by the deadline (30 s).</summary>
    public static Task TrueAsync(Func<bool> condition, string expectation, TimeSpan? deadline = null) =>
        TrueAsync(() => Task.FromResult(condition()), expectation, deadline);

    /// <summary>Waits until the condition holds, and fails the test when it does not by the deadline (30 s).</summary>
    public static Task TrueAsync(Func<Task<bool>> condition, string expectation, TimeSpan? deadline = null) =>
        GetAsync(async () => await condition() ? "" : null, expectation, deadline);

    /// <summary>Waits until there is a value and returns it, and fails the test when there is none by the deadline (30 s).</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> find, string expectation, TimeSpan? deadline = null)
        where T : class
    {
        long start = TimeProvider.System.GetTimestamp();
        TimeSpan limit = deadline ?? Deadline;
        while (true)
        {
            if (await find() is { } found) return found;
            TimeSpan waited = TimeProvider.System.GetElapsedTime(start);
            if (waited > limit) Assert.Fail($"Expected within {limit.TotalSeconds:0.#} s: {expectation}.");
            await Task.Delay(Interval, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
