using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Simulator.Wires;

namespace HrNetBatch.Simulator.Actors;

/// <summary>A machine of a history: it lives, stops orderly, or dies with all that runs on it.</summary>
internal sealed class Machine(string name)
{
    public string Name => name;

    public List<Actor> Actors { get; } = [];

    public bool IsUp { get; set; } = true;

    /// <summary>It was told to stop: it claims nothing more.</summary>
    public bool IsDraining { get; set; }

    /// <summary>The true time until which nothing on it goes on.</summary>
    public long FrozenUntil { get; set; }

    public double ClockRate { get; init; } = 1;

    public TimeSpan ClockAhead { get; init; }

    /// <summary>Attempts that run on it.</summary>
    public int AttemptCount { get; set; }
}

/// <summary>What an actor is there for; some rules depend on it.</summary>
internal enum Role
{
    Operator,
    Intake,
    Schedule,
    Waker,
    Publisher,
    Supervisor,
    Attempt,
    Keeper,
}

/// <summary>
/// One thread of product code: it runs until it asks PostgreSQL or blobs for something, or waits, and then stands still until the scheduler
/// chooses it.
/// </summary>
#pragma warning disable CA1001 // Its semaphore's handle is never asked for, so there is nothing to dispose of.
internal sealed class Actor(string name, Role role, Machine machine, Session session)
{
#pragma warning restore CA1001
    private readonly SemaphoreSlim _signal = new(0);

    public string Name => name;

    public Role Role => role;

    public Machine Machine => machine;

    public Session Session => session;

    /// <summary>What it waits for: a <see cref="WireRequest"/>, a <see cref="BlobQuestion"/> or <see cref="Parked"/>.</summary>
    public object? Pending { get; set; }

    /// <summary>Whether its statement waits in PostgreSQL for a lock.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>It is gone: whatever its code still tries fails.</summary>
    public bool IsDead { get; set; }

    public bool IsDone { get; private set; }

    /// <summary>A loop that ends only with its machine.</summary>
    public bool IsEndless { get; init; }

    /// <summary>The lease under which it writes.</summary>
    public Lease? Lease { get; set; }

    /// <summary>What the operator asks for, for the rules that depend on it.</summary>
    public string Doing { get; set; } = "";

    /// <summary>The earliest and the latest true time since its transaction began; the clock may be set back meanwhile.</summary>
    public long TransactionBegan { get; set; }

    public long TransactionLatest { get; set; }

    /// <summary>The connection on which a transaction is open, and since when nothing was said there.</summary>
    public WireConnection? Open { get; set; }

    public long OpenSince { get; set; }

    /// <summary>What goes wrong with the statement that is under way.</summary>
    public WireFault StatementFault { get; set; }

    /// <summary>Whether the scheduler knows that it stands still.</summary>
    public bool HasBegun { get; set; }

    /// <summary>When it last had its turn, where turns are taken.</summary>
    public int LastTurn { get; set; }

    /// <summary>Whether it is inside a method of the product that waits by itself and takes a request to stop.</summary>
    public bool IsInProduct { get; set; }

    /// <summary>What it could not do, for whoever waits for it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Somebody wants it ended.</summary>
    public bool IsUnwanted { get; set; }

    public void Start(Func<Actor, Task> run) => _ = Task.Run(async () =>
    {
        try
        {
            await run(this);
        }
        catch (Exception error)
        {
            if (!IsDead) Fault = error;
        }
        IsDone = true;
        _signal.Release();
    });

    /// <summary>What its code threw.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>It stands still now.</summary>
    public void Stand(object pending)
    {
        Pending = pending;
        _signal.Release();
    }

    /// <summary>Waits until it stands still, or has ended.</summary>
    public void Await()
    {
        if (!_signal.Wait(TimeSpan.FromSeconds(60))) throw new InvalidOperationException($"{Name} neither asks for anything nor ends; it runs something that the simulator does not see.");
    }

    /// <summary>Stands still until a condition holds.</summary>
    public async Task ParkAsync(string what, Func<bool> isOver, long? due = null)
    {
        if (IsDead) throw new GoneException();
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Stand(new Parked(what, isOver, () => over.SetResult()) { Due = due });
        await over.Task;
        if (IsDead) throw new GoneException();
    }

    /// <summary>Waits by its machine's clock.</summary>
    public Task WaitAsync(string what, TimeSpan span)
    {
        long due = session.Clock.TrueAfter(span);
        return ParkAsync(what, () => session.Time.Microseconds >= due, due);
    }
}

/// <summary>A question to the blob service that waits for its answer.</summary>
internal sealed record BlobQuestion(Blobs.BlobRequest Request)
{
    public TaskCompletionSource<Blobs.BlobAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Thrown in the code of actors whose machine has died.</summary>
internal sealed class GoneException() : Exception("The machine has died.");
