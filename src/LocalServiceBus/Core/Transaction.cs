namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// Work on entities that happens together or not at all. Until it is committed, nothing of it is done and nobody sees it; messages that it
/// settles stay locked.
/// </summary>
internal sealed class Transaction
{
    private readonly Lock _gate = new();
    private readonly List<(Action Check, Action<Operation> Step)> _work = [];
    private readonly HashSet<object> _claims = [];

    /// <summary>Adds work.</summary>
    /// <param name="check">Throws where the step could not be done. All checks come before the first step, so that a step never
    /// fails.</param>
    /// <param name="step">The work.</param>
    public void Add(Action check, Action<Operation> step)
    {
        lock (_gate) _work.Add((check, step));
    }

    /// <summary>Notes what can be done once only: the settlement of a message, say.</summary>
    /// <returns>Whether the transaction did not have it yet.</returns>
    public bool TryClaim(object claim)
    {
        lock (_gate) return _claims.Add(claim);
    }

    /// <summary>Does all of it.</summary>
    /// <exception cref="BrokerException">Something cannot be done any more; nothing was done.</exception>
    public void Run(Operation operation)
    {
        lock (_gate)
        {
            foreach ((Action check, _) in _work) check();
            foreach ((_, Action<Operation> step) in _work) step(operation);
        }
    }
}
