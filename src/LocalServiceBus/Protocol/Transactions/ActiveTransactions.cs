using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Protocol.Transactions;

/// <summary>The transactions of one connection, which end with it. They are in memory only: what is not committed is as if it never
/// was.</summary>
internal sealed class ActiveTransactions(BrokerContext context)
{
    /// <summary>How long one may take; Service Bus's own limit.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly Dictionary<Guid, ActiveTransaction> _transactions = [];
    private readonly HashSet<Guid> _timedOut = [];

    /// <summary>Begins one.</summary>
    public byte[] Declare()
    {
        Guid id = Guid.NewGuid();
        lock (_transactions) _transactions.Add(id, new ActiveTransaction(id.ToByteArray(), context.Time.GetUtcNow() + Longest));
        return id.ToByteArray();
    }

    /// <summary>Finds one that is under way.</summary>
    /// <exception cref="BrokerException">There is none of that id, or its time is over.</exception>
    public ActiveTransaction Find(byte[] id) => Get(id, remove: false);

    /// <summary>Does the work of one, or drops it.</summary>
    /// <exception cref="BrokerException">There is none of that id, its time is over, or something of it cannot be done any
    /// more.</exception>
    public async Task DischargeAsync(byte[] id, bool isRolledBack)
    {
        ActiveTransaction transaction = Get(id, remove: true);
        if (isRolledBack) return;
        await context.Broker.CommitAsync(transaction.Work);
        transaction.Committed();
    }

    /// <summary>Drops one that lost whoever declared it.</summary>
    public void Abandon(byte[] id)
    {
        lock (_transactions) _transactions.Remove(new Guid(id));
    }

    /// <summary>Drops those whose time is over.</summary>
    public void DropOverdue()
    {
        DateTimeOffset now = context.Time.GetUtcNow();
        lock (_transactions)
        {
            foreach ((Guid id, _) in _transactions.Where(transaction => transaction.Value.EndsAt <= now).ToArray())
            {
                _transactions.Remove(id);
                _timedOut.Add(id);
            }
        }
    }

    private ActiveTransaction Get(byte[] id, bool remove)
    {
        DropOverdue();
        Guid key = id.Length == 16 ? new Guid(id) : default;
        lock (_transactions)
        {
            if (_timedOut.Contains(key))
                throw new BrokerException(Refusal.TransactionTimedOut,
                    $"The transaction was rolled back: it was not done within {Longest.TotalMinutes} minutes.");
            if (!_transactions.TryGetValue(key, out ActiveTransaction? transaction))
                throw new BrokerException(Refusal.TransactionUnknown, "The transaction was never declared, or is over. Begin a new one.");
            if (remove) _transactions.Remove(key);
            return transaction;
        }
    }
}
