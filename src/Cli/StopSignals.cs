using System.Runtime.InteropServices;

namespace HrNetBatch.Cli;

/// <summary>
/// Ctrl-C and its kin. The first signal asks to stop, and what comes with it (a terminal and a supervisor may both send one)
/// changes nothing; one that comes later ends us at once, and what we started notices.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly TimeProvider _time;
    private long _first;

    public StopSignals(TimeProvider time)
    {
        _time = time;
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        Interlocked.CompareExchange(ref _first, _time.GetTimestamp(), 0);
        context.Cancel = _time.GetElapsedTime(_first) < Together;
        _stop.Cancel();
    }
}
