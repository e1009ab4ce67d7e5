using HrNetBatch.Kinds.Execution;
using HrNetBatch.Worker.Protocol;

namespace HrNetBatch.Worker.Attempts;

/// <summary>Stops an attempt's process: asks first, kills when the time to save is over.</summary>
internal sealed class ChildStop(AttemptChild child, SupervisionOptions options, TimeProvider time) : IDisposable
{
    private readonly List<ITimer> _kills = [];
    private readonly Lock _lock = new();

    /// <summary>The weightiest cause so far.</summary>
    public StopCause Cause { get; private set; }

    /// <summary>Whether the process had to be killed.</summary>
    public bool Killed { get; private set; }

    /// <summary>Asks the process to stop, and kills it when it takes longer than the cause allows.</summary>
    public void Ask(StopCause cause)
    {
        lock (_lock)
        {
            if (cause <= Cause)
                return;
            Cause = cause;
        }
        StopReason reason = cause == StopCause.Cancel ? StopReason.Cancel : StopReason.Interrupt;
        _ = child.SendAsync(new StopMessage(reason)); // not awaited: a process that hangs does not read, and the kill comes anyway
        KillAfter(cause switch
        {
            StopCause.Interrupt => options.HandBackGrace,
            StopCause.Cancel => options.CancelGrace,
            StopCause.JobEnded or StopCause.Lost => options.LostGrace,
            _ => TimeSpan.Zero,
        });
    }

    /// <summary>Kills the process unless it ends by itself before.</summary>
    public void KillAfter(TimeSpan grace)
    {
        lock (_lock)
            _kills.Add(time.CreateTimer(_ => Kill(), null, grace, Timeout.InfiniteTimeSpan));
    }

    public void Dispose()
    {
        lock (_lock)
            _kills.ForEach(kill => kill.Dispose());
    }

    private void Kill()
    {
        Killed = true;
        child.Kill();
    }
}
