using System.Data;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>
/// The fence in front of every write of an attempt. Inside the write's own transaction it locks the attempt's row and checks that
/// the lease is held; whoever wants to end the attempt waits for the transaction, so a stale write can never follow a take-over.
/// Locks are always taken in the order job, attempt, anything else.
/// </summary>
public static class Fence
{
    /// <summary>Enters for writes that leave the job's own row alone; several writes of one attempt may run at once.</summary>
    /// <exception cref="LeaseLostException">The lease has expired or ended.</exception>
    public static async Task EnterAsync(NpgsqlTransaction transaction, Guid token, CancellationToken cancellation = default)
    {
        Guid? held = await transaction.FindAsync<Guid?>(
            $"""
            SELECT token FROM hrnet.attempts a
            WHERE token = @token AND {AttemptRows.HoldsLease}
            FOR SHARE
            """,
            new { token }, cancellation);
        if (held is null)
            throw new LeaseLostException(token);
    }

    /// <summary>Enters for writes that change the job's row too: locks that first.</summary>
    /// <exception cref="LeaseLostException">The lease has expired or ended.</exception>
    public static async Task EnterWithJobAsync(NpgsqlTransaction transaction, Lease lease, CancellationToken cancellation = default)
    {
        await transaction.ExecuteAsync("SELECT FROM hrnet.jobs WHERE id = @JobId FOR NO KEY UPDATE", new { lease.JobId }, cancellation);
        await EnterAsync(transaction, lease.Token, cancellation);
    }

    /// <summary>Runs <paramref name="write"/> in one fenced transaction.</summary>
    /// <exception cref="LeaseLostException">The lease has expired or ended; nothing was written.</exception>
    public static async Task<TResult> WriteAsync<TResult>(
        this NpgsqlDataSource database,
        Lease lease,
        Func<NpgsqlTransaction, Task<TResult>> write,
        CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation);
        await EnterAsync(transaction, lease.Token, cancellation);
        TResult result = await write(transaction);
        await transaction.CommitAsync(cancellation);
        return result;
    }
}
