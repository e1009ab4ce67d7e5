using Hangfire;
using Hangfire.States;
using Hangfire.Storage;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Waking;

/// <summary>Finds calls that went astray, so that the waker makes them again.</summary>
internal sealed partial class StrayWakes(
    WakeStore wakes,
    JobStorage storage,
    IBackgroundJobClient hangfire,
    IOptions<WorkerOptions> worker,
    IOptions<WakingOptions> options,
    TimeProvider time,
    ILogger<StrayWakes> logger)
{
    private long? _lastLook;

    /// <summary>Forgets calls that will lead to no claim any more.</summary>
    public async Task ForgetAsync(CancellationToken cancellation)
    {
        TimeSpan patience = options.Value.Patience;
        if (_lastLook is { } last && time.GetElapsedTime(last) < patience / 3)
            return;
        _lastLook = time.GetTimestamp();

        IReadOnlyList<Wake> old = await wakes.ListStaleAsync(patience, cancellation: cancellation);
        if (old.Count == 0)
            return;
        HashSet<Guid> slow = [.. (await wakes.ListStaleAsync((patience * 2) + worker.Value.DeviceWait, cancellation: cancellation)).Select(wake => wake.JobId)];
        using IStorageConnection connection = storage.GetConnection();
        foreach (Wake wake in old)
        {
            string? state = wake.HangfireId is null ? null : connection.GetStateData(wake.HangfireId)?.Name;
            bool waits = state == EnqueuedState.StateName // every worker is busy: the call is still to come
                || (state == ProcessingState.StateName && !slow.Contains(wake.JobId)); // waiting for a GPU; longer, and its worker is dead
            if (waits || !await wakes.ForgetAsync(wake, cancellation))
                continue;
            if (wake.HangfireId is not null)
                hangfire.Delete(wake.HangfireId);
            LogStray(logger, wake.JobId, wake.Lane, state ?? "nowhere");
        }
    }

    [LoggerMessage(123, LogLevel.Debug, "Job {Job}: the call for lane {Lane} led to no claim (it is {State}); it is made again")]
    private static partial void LogStray(ILogger logger, Guid job, int lane, string state);
}
