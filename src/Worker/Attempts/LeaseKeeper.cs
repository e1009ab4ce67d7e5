using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Attempts;

/// <summary>Renews an attempt's lease until disposed, and says when the attempt has to stop.</summary>
internal sealed partial class LeaseKeeper : IAsyncDisposable
{
    private readonly LeaseStore _leases;
    private readonly Lease _lease;
    private readonly LedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<StopCause> _ask;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1); // the renewal and the end do not overtake each other
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _renewing;

    public LeaseKeeper(LeaseStore leases, Lease lease, long claimedAt, LedgerOptions options, TimeProvider time,
        Action<StopCause> ask, ILogger logger)
    {
        (_leases, _lease, _options, _time, _ask, _logger) = (leases, lease, options, time, ask, logger);
        _renewing = Task.Run(() => RenewAsync(claimedAt));
    }

    /// <summary>Cancelled when the lease is another's, or must be taken as expired.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Ends the attempt, and with it the renewals.</summary>
    /// <exception cref="LeaseLostException">Another attempt owns the lane.</exception>
    public async Task<JobState> EndAsync(Outcome outcome)
    {
        await _turn.WaitAsync();
        try
        {
            using var expiry = new CancellationTokenSource(_options.LeaseDuration, _time);
            JobState state = await _leases.EndAsync(_lease, outcome, expiry.Token);
            await _disposed.CancelAsync();
            return state;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _renewing;
        _turn.Dispose();
        _disposed.Dispose();
        _lost.Dispose();
    }

    /// <param name="heldSince">
    /// When the last successful renewal was sent. The lease began later than that by the database's clock, so counted from here
    /// it ends for us before it ends for anyone else.
    /// </param>
    private async Task RenewAsync(long heldSince)
    {
        using var timer = new PeriodicTimer(_options.LeaseRenewal, _time);
        while (await TickAsync(timer))
        {
            long sent = _time.GetTimestamp();
            try
            {
                switch (await RenewOnceAsync(heldSince))
                {
                    case LeaseStatus.Held:
                        heldSince = sent;
                        break;
                    case LeaseStatus.CancelRequested:
                        heldSince = sent;
                        _ask(StopCause.Cancel);
                        break;
                    case LeaseStatus.JobEnded:
                        heldSince = sent;
                        _ask(StopCause.JobEnded);
                        break;
                    case LeaseStatus.Lost:
                        LogLost(_logger, _lease.JobId, _lease.Attempt);
                        Lose();
                        return;
                }
            }
            catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The database is away. Within the lease nobody else can have the lane: keep working, keep asking.
                if (_time.GetElapsedTime(heldSince) >= _options.LeaseDuration)
                {
                    LogExpired(_logger, error, _lease.JobId, _lease.Attempt, _options.LeaseDuration);
                    Lose();
                    return;
                }
                LogNotRenewed(_logger, _lease.JobId, _lease.Attempt, error.Message);
            }
        }
    }

    private async Task<LeaseStatus> RenewOnceAsync(long heldSince)
    {
        // A connection to a machine that vanished can hang for minutes: the end of the lease ends the wait.
        TimeSpan left = _options.LeaseDuration - _time.GetElapsedTime(heldSince);
        using var expiry = new CancellationTokenSource(left > TimeSpan.Zero ? left : _options.LeaseRenewal, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, _disposed.Token);
        await _turn.WaitAsync(_disposed.Token);
        try
        {
            return await _leases.RenewAsync(_lease, both.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> TickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_disposed.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Lose()
    {
        _ask(StopCause.Lost);
        _lost.Cancel();
    }

    [LoggerMessage(110, LogLevel.Warning,
        "Job {Job}, attempt {Attempt}: the lease is lost, its process is stopped. What it still writes is refused by the ledger")]
    private static partial void LogLost(ILogger logger, Guid job, int attempt);

    [LoggerMessage(111, LogLevel.Warning, "Job {Job}, attempt {Attempt}: the lease was not renewed: {Reason}. Trying again until it expires")]
    private static partial void LogNotRenewed(ILogger logger, Guid job, int attempt, string reason);

    [LoggerMessage(112, LogLevel.Error,
        "Job {Job}, attempt {Attempt}: the database was away for longer than the lease of {Lease}. The process is stopped; another attempt takes over")]
    private static partial void LogExpired(ILogger logger, Exception error, Guid job, int attempt, TimeSpan lease);
}
