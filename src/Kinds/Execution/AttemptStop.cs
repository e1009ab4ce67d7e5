namespace HrNetBatch.Kinds.Execution;

/// <summary>Why an attempt is asked to stop.</summary>
public enum StopReason
{
    /// <summary>The worker is going away: save and hand back, no attempt is spent.</summary>
    Interrupt,

    /// <summary>The job was cancelled.</summary>
    Cancel,
}

/// <summary>The request to stop an attempt: a token, and the reason behind it.</summary>
public sealed class AttemptStop : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly Lock _gate = new();
    private StopReason? _reason;

    /// <summary>Cancelled once a stop is requested.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Why; null while nobody asked.</summary>
    public StopReason? Reason
    {
        get
        {
            lock (_gate)
                return _reason;
        }
    }

    /// <summary>Asks the attempt to stop; a later cancel overrides an earlier interrupt, never the reverse.</summary>
    public void Request(StopReason reason)
    {
        lock (_gate)
        {
            if (_reason == StopReason.Cancel)
                return;
            _reason = reason;
        }

        _source.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
