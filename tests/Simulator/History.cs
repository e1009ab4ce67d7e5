using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Simulator.Actors;
using HrNetBatch.Simulator.Checking;
using HrNetBatch.Simulator.Wires;

namespace HrNetBatch.Simulator;

/// <summary>
/// One history: a scheduler that lets one actor at a time go one step on, chosen by the seed, makes faults happen between the steps, and
/// has
/// every rule checked after each that may have changed the database.
/// </summary>
internal sealed partial class History
{
    /// <summary>
    /// How long a transaction may stand still by the true time before PostgreSQL ends its connection, as LedgerConnection asks it to.
    /// </summary>
    private static readonly long IdleLimit = (long)TimeSpan.FromSeconds(10).TotalMicroseconds;

    private readonly Simulation _simulation;
    private readonly int _seed;
    private readonly List<string> _log = [];
    private readonly List<Actor> _actors = [];
    private readonly List<(WireRequest Request, string Whose)> _orphans = []; // statements whose sender died while they waited for a lock
    private readonly Checker _checker;
    private Snapshot _last = Snapshot.Empty;
    private readonly HashSet<int> _blockers = []; // the processes that hold what somebody waits for

    public History(Simulation simulation, int seed)
    {
        (_simulation, _seed) = (simulation, seed);
        Random = new Random(seed);
        World = new World(this);
        _checker = new Checker(World);
    }

    public Random Random { get; }

    public World World { get; }

    public TrueTime Time => _simulation.Time;

    public Simulation Simulation => _simulation;

    public Dictionary<string, int> Counts { get; } = [];

    /// <summary>Whether faults still happen.</summary>
    public bool IsRough { get; private set; } = true;

    public Verdict Run()
    {
        Violation? violation = null;
        try
        {
            World.Begin();
            _last = Snapshot.Read(_simulation.Own);
            for (int step = World.StepCount; step > 0; step--) Step();
            Calm();
            _checker.CheckEnd(_last);
        }
        catch (ViolationException broken)
        {
            violation = broken.Violation;
        }
        catch (InvalidOperationException lost)
        {
            violation = new Violation("the simulator knows what everybody does", lost.Message);
        }
        finally
        {
            End();
        }
        return new Verdict(_seed, violation, _log, Counts);
    }

    public void Log(string who, string what) => _log.Add($"{Time}  {who,-14} {what}");

    public void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>Whether a fault of that likelihood happens now.</summary>
    public bool Fault(double weight = 1) => IsRough && Chance(World.FaultRate * weight);

    /// <summary>How many actors more can be.</summary>
    public int FreeSessionCount => _simulation.Sessions.Count(session => session.Actor is null);

    /// <summary>Lets an actor live.</summary>
    public Actor Spawn(string name, Role role, Machine machine, Func<Actor, Task> run, bool isEndless = false, Lease? lease = null)
    {
        Session session = _simulation.Sessions.First(session => session.Actor is null);
        var actor = new Actor(name, role, machine, session) { IsEndless = isEndless, Lease = lease };
        session.Actor = actor;
        session.Clock.Rate = machine.ClockRate;
        session.Clock.Ahead = machine.ClockAhead;
        machine.Actors.Add(actor);
        _actors.Add(actor);
        actor.Start(run);
        return actor;
    }

    /// <summary>Takes up actors that others made in their step.</summary>
    private void Settle(Actor actor)
    {
        actor.Await();
        if (actor.IsDone) Leave(actor);
        else if (actor.Pending is null) throw new InvalidOperationException($"{actor.Name} stands still for no reason.");
    }

    private void Leave(Actor actor)
    {
        _actors.Remove(actor);
        actor.Machine.Actors.Remove(actor);
        actor.Session.Actor = null;
        if (actor.Fault is { } fault) throw new ViolationException("no unexpected error", $"{actor.Name}: {fault}");
    }

    /// <summary>Lets time go by.</summary>
    public void Advance(long microseconds)
    {
        _simulation.Advance(microseconds);
        foreach (Actor actor in _actors.ToList())
        {
            actor.TransactionBegan = Math.Min(actor.TransactionBegan, Time.Microseconds);
            actor.TransactionLatest = Math.Max(actor.TransactionLatest, Time.Microseconds);
            if (actor.Open is not { } open || actor.IsBlocked || Time.Microseconds - actor.OpenSince < IdleLimit) continue;
            Log(actor.Name, "its transaction stands still for too long: PostgreSQL ends the connection");
            Count("fault: idle transaction ended");
            actor.Open = null;
            bool hears = actor.Pending is WireRequest; // else it learns when it next says something there
            if (hears) actor.Pending = null;
            open.Cut();
            open.Release();
            if (hears) Settle(actor);
        }
        TakeUpBlocked();
    }

    /// <summary>Ends all that runs on a machine, wherever it is.</summary>
    public void Kill(Machine machine)
    {
        machine.IsUp = false;
        Count("fault: machine died");
        foreach (Actor actor in machine.Actors.ToList()) Kill(actor);
        TakeUpBlocked();
    }

    public void Kill(Actor actor)
    {
        actor.IsDead = true;
        WireConnection? open = actor.Open;
        actor.Open = null;
        object? pending = actor.Pending;
        actor.Pending = null;
        switch (pending)
        {
            case WireRequest request when actor.IsBlocked:
                // The server notices only when it answers: what it began it does.
                _orphans.Add((request, actor.Name));
                request.Connection.Cut();
                open = null;
                break;
            case WireRequest request:
                request.Connection.Cut();
                request.Connection.Release();
                break;
            case BlobQuestion question:
                question.Answer.SetException(new GoneException());
                break;
            case Parked parked:
                ThreadPool.QueueUserWorkItem(_ => parked.GoOn());
                break;
        }
        if (open is not null)
        {
            open.Cut();
            open.Release();
        }
        while (!actor.IsDone) actor.Await();
        Leave(actor);
    }

    private void Step()
    {
        bool hasTime = World.Act();
        TakeUpNew();
        if (!hasTime) return;
        List<Actor> ready = [.. _actors.Where(IsReady)];
        if (ready.Count == 0 || Chance(0.12))
        {
            Advance(ready.Count == 0 ? UntilNext() : Random.NextInt64(1_000, 2_000_000));
            return;
        }
        Go(ready[Random.Next(ready.Count)]);
    }

    /// <summary>No faults any more, and everybody gets their turn: until all has come to its end.</summary>
    private void Calm()
    {
        IsRough = false;
        World.CalmDown();
        Log("", "---- calm ----");
        for (int turn = 0; !World.IsQuiet(_last); turn++)
        {
            if (turn > 4000) throw new ViolationException("everything ends", $"after {turn} more steps without faults there is still: {_last.Unfinished()}");
            World.ActCalmly();
            TakeUpNew();
            if (_actors.Where(IsReady).MinBy(actor => actor.LastTurn) is { } next)
            {
                next.LastTurn = turn + 1;
                Go(next);
            }
            else
            {
                Advance(UntilNext());
            }
        }
    }

    // While somebody waits for a lock, none but those who hold it may come to wait too: which of two waiters PostgreSQL serves first is not
    // always the seed's choice.
    private bool IsReady(Actor actor) => !actor.IsBlocked && actor.Machine.FrozenUntil <= Time.Microseconds
        && (actor.Pending is not Parked parked || parked.IsOver() || World.WantsStop(actor))
        && !(_blockers.Count > 0 && actor.Pending is WireRequest { TakesLocks: true } request && !(actor.Open is not null && _blockers.Contains(request.Connection.Backend.ProcessId)));

    private long UntilNext()
    {
        long next = _actors.Select(actor => actor.Pending is Parked { Due: { } due } ? Math.Max(due, actor.Machine.FrozenUntil) : actor.Machine.FrozenUntil)
            .Where(due => due > Time.Microseconds).DefaultIfEmpty(Time.Microseconds + 1_000_000).Min();
        return next - Time.Microseconds + 1;
    }

    private void Go(Actor actor)
    {
        switch (actor.Pending)
        {
            case WireRequest request:
                Ask(actor, request, World.FaultOf(actor, request));
                break;
            case BlobQuestion question:
                Ask(actor, question);
                break;
            case Parked parked:
                actor.Pending = null;
                Count("step: clock");
                bool stops = World.WantsStop(actor) && !parked.IsOver();
                ThreadPool.QueueUserWorkItem(_ => { if (stops) World.Stop(actor); else parked.GoOn(); });
                Settle(actor);
                break;
            default:
                throw new InvalidOperationException($"{actor.Name} stands still for no reason.");
        }
        TakeUpNew();
        TakeUpBlocked();
    }

    /// <summary>Waits for those that were spawned in the last step to stand still for the first time.</summary>
    private void TakeUpNew()
    {
        for (int i = 0; i < _actors.Count; i++)
        {
            Actor actor = _actors[i];
            if (actor.HasBegun)
            {
                if (!actor.IsUnwanted) continue;
                Kill(actor);
                i--;
                continue;
            }
            actor.HasBegun = true;
            Settle(actor);
            if (actor.IsDone) i--;
        }
    }

    private void Ask(Actor actor, WireRequest request, WireFault fault)
    {
        Count("step: statement");
        if (fault != WireFault.None) Count($"fault: {fault}");
        if (fault is WireFault.CutBefore or WireFault.MachineDiesBefore or WireFault.ProcessDiesBefore)
        {
            Log(actor.Name, $"✗ {fault}: {Short(request.Text)}");
            Break(actor, request, fault);
            return;
        }
        Backend backend = request.Connection.Backend;
        if (backend.Status == 'I')
        {
            actor.TransactionBegan = actor.TransactionLatest = Time.Microseconds;
            backend.Forget();
        }
        backend.Send(request.Bytes, request.AnswerCount, request.MaybeWrites);
        actor.StatementFault = fault;
        if (!IsAnswered(backend))
        {
            actor.IsBlocked = true;
            Count("step: waited for a lock");
            Log(actor.Name, $"waits for a lock: {Short(request.Text)}");
            return;
        }
        Answered(actor, request);
    }

    private void Answered(Actor actor, WireRequest request)
    {
        Backend backend = request.Connection.Backend;
        WireFault fault = actor.StatementFault;
        actor.IsBlocked = false;
        Log(actor.Name, $"{(fault == WireFault.None ? "" : $"✗ {fault}: ")}{Short(request.Text)}{(backend.Error is null ? "" : $" → {backend.Error}")}");
        (actor.Open, actor.OpenSince) = (backend.Status == 'I' ? null : request.Connection, Time.Microseconds);
        Look(actor, request.Text, backend);
        if (fault != WireFault.None)
        {
            Break(actor, request, fault);
            return;
        }
        actor.Pending = null;
        request.Connection.Deliver();
        Settle(actor);
    }

    private void Break(Actor actor, WireRequest request, WireFault fault)
    {
        if (fault is WireFault.MachineDiesBefore or WireFault.MachineDiesAfter)
        {
            Log(actor.Machine.Name, "dies");
            Kill(actor.Machine);
            return;
        }
        if (fault is WireFault.ProcessDiesBefore or WireFault.ProcessDiesAfter) World.ProcessDies(actor);
        actor.Pending = null;
        actor.Open = null;
        request.Connection.Cut();
        request.Connection.Release();
        Settle(actor);
    }

    private void Look(Actor? actor, string text, Backend backend)
    {
        if (backend.Error is { } error) throw new ViolationException("no statement fails", $"{text}: {error}");
        if (backend.Status != 'I' || !backend.HasChanged || text.StartsWith("ROLLBACK", StringComparison.Ordinal)) return;
        Snapshot now = Snapshot.Read(_simulation.Own);
        Count("check");
        _checker.Check(_last, now, actor, text);
        _last = now;
    }

    private void Ask(Actor actor, BlobQuestion question)
    {
        Count("step: blob request");
        BlobFault fault = World.FaultOf(question);
        if (fault != BlobFault.None) Count($"fault: blob {fault}");
        Log(actor.Name, $"{(fault == BlobFault.None ? "" : $"✗ blob {fault}: ")}{question.Request.Text}");
        if (fault is BlobFault.MachineDiesBefore)
        {
            Kill(actor.Machine);
            return;
        }
        Blobs.BlobAnswer answer = fault == BlobFault.Lost ? new(503, [], "ServerBusy") : _simulation.Blobs.Answer(question.Request);
        if (fault == BlobFault.Doubled) answer = _simulation.Blobs.Answer(question.Request);
        if (fault == BlobFault.AnswerLost) answer = new(503, [], "ServerBusy");
        _checker.CheckBlobs(question.Request);
        if (fault is BlobFault.MachineDiesAfter)
        {
            Kill(actor.Machine);
            return;
        }
        actor.Pending = null;
        question.Answer.SetResult(answer);
        Settle(actor);
    }

    /// <summary>
    /// Waits for an answer, or until it is sure that the statement waits for a lock that somebody holds who stands still.
    /// </summary>
    private bool IsAnswered(Backend backend)
    {
        if (backend.TryReceive(1500)) return true;
        while (_simulation.BlockersOf(backend.ProcessId).Length == 0)
        {
            if (backend.TryReceive(2000)) return true;
        }
        return backend.TryReceive(0);
    }

    /// <summary>Goes on with those whose lock has become free.</summary>
    private void TakeUpBlocked()
    {
        TakeUpThoseBlocked();
        _blockers.Clear();
        foreach (int waiting in Waiting()) _blockers.UnionWith(_simulation.BlockersOf(waiting));
    }

    private void TakeUpThoseBlocked()
    {
        for (bool again = true; again;)
        {
            again = false;
            foreach (Actor actor in _actors.Where(actor => actor.IsBlocked).ToList())
            {
                if (!actor.IsBlocked || actor.Pending is not WireRequest request || !IsAnswered(request.Connection.Backend)) continue;
                Answered(actor, request);
                TakeUpNew();
                again = true;
            }
            foreach ((WireRequest request, string whose) in _orphans.ToList())
            {
                if (!IsAnswered(request.Connection.Backend)) continue;
                _orphans.Remove((request, whose));
                Log(whose, $"(dead) its statement ended: {Short(request.Text)}");
                Look(null, request.Text, request.Connection.Backend);
                request.Connection.Release();
                again = true;
            }
            if (!again && WaitsInCircle())
            {
                // PostgreSQL ends one of them soon.
                _simulation.Execute("SELECT pg_sleep(0.03)");
                again = true;
            }
        }
    }

    private IEnumerable<int> Waiting() => _actors.Where(actor => actor.IsBlocked).Select(actor => ((WireRequest)actor.Pending!).Connection.Backend.ProcessId)
        .Concat(_orphans.Select(orphan => orphan.Request.Connection.Backend.ProcessId));

    private bool WaitsInCircle()
    {
        Dictionary<int, int[]> waits = Waiting().ToDictionary(id => id, _simulation.BlockersOf);
        return waits.Count > 1 && waits.Keys.Any(start =>
        {
            var seen = new HashSet<int>();
            var open = new Stack<int>(waits[start]);
            while (open.TryPop(out int id))
            {
                if (id == start) return true;
                if (seen.Add(id) && waits.TryGetValue(id, out int[]? further))
                {
                    foreach (int next in further) open.Push(next);
                }
            }
            return false;
        });
    }

    /// <summary>Ends all that still lives, so that the next history finds nothing of this.</summary>
    private void End()
    {
        IsRough = false;
        while (_actors.Count > 0)
        {
            try
            {
                Actor actor = _actors[0];
                if (!actor.HasBegun)
                {
                    actor.HasBegun = true;
                    Settle(actor);
                    if (actor.IsDone) continue;
                }
                Kill(actor);
            }
            catch (ViolationException)
            {
                // Too late to matter.
            }
        }
        foreach ((WireRequest request, string _) in _orphans)
        {
            while (!request.Connection.Backend.TryReceive(10_000))
            {
            }
            request.Connection.Release();
        }
        _orphans.Clear();
    }

    private static string Short(string text) => text.Length <= 110 ? text : text[..110] + "…";
}

/// <summary>What goes wrong between a session and PostgreSQL.</summary>
internal enum WireFault
{
    None,

    /// <summary>The connection breaks before the statement arrives.</summary>
    CutBefore,

    /// <summary>The connection breaks before the answer arrives.</summary>
    CutAfter,

    /// <summary>The attempt's process dies, its worker does not.</summary>
    ProcessDiesBefore,
    ProcessDiesAfter,

    /// <summary>The machine dies with all that runs on it.</summary>
    MachineDiesBefore,
    MachineDiesAfter,
}

/// <summary>What goes wrong between a session and the blob service.</summary>
internal enum BlobFault
{
    None,

    /// <summary>It does not arrive, and the session learns so.</summary>
    Lost,

    /// <summary>It is done, and the session hears of a failure.</summary>
    AnswerLost,

    /// <summary>It is done twice: the client repeated it because the first answer was lost.</summary>
    Doubled,
    MachineDiesBefore,
    MachineDiesAfter,
}
