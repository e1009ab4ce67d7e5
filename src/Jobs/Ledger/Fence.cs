using System.Data;
using Dapper;
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
    public static async Task EnterAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid token, CancellationToken cancellation = default)
    {
        Guid? held = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            """
            SELECT token FROM hrnet.attempts
            WHERE token = @token AND ended_at IS NULL AND lease_expires_at > clock_timestamp()
            FOR SHARE
            """,
            new { token },
            transaction,
            cancellationToken: cancellation));
        if (held is null)
            throw new LeaseLostException(token);
    }

    /// <summary>Enters for writes that change the job's row too: locks that first.</summary>
    /// <exception cref="LeaseLostException">The lease has expired or ended.</exception>
    public static async Task EnterWithJobAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Lease lease, CancellationToken cancellation = default)
    {
        await connection.ExecuteAsync(new CommandDefinition("SELECT FROM hrnet.jobs WHERE id = @JobId FOR NO KEY UPDATE", new { lease.JobId }, transaction, cancellationToken: cancellation));
        await EnterAsync(connection, transaction, lease.Token, cancellation);
    }

    /// <summary>Runs <paramref name="write"/> in one fenced transaction.</summary>
    /// <exception cref="LeaseLostException">The lease has expired or ended; nothing was written.</exception>
    public static async Task<TResult> WriteAsync<TResult>(
        this NpgsqlDataSource database,
        Lease lease,
        Func<NpgsqlConnection, NpgsqlTransaction, Task<TResult>> write,
        CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation);
        await EnterAsync(connection, transaction, lease.Token, cancellation);
        TResult result = await write(connection, transaction);
        await transaction.CommitAsync(cancellation);
        return result;
    }
}
