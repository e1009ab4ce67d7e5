using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Inference;
using HrNetBatch.Simulator.Actors;
using HrNetBatch.Worker.Attempts;
using Microsoft.Extensions.Logging.Abstractions;

namespace HrNetBatch.Simulator;

/// <summary>An attempt as its worker sees it.</summary>
internal sealed class Attempt(Lease lease, Job job, Actor supervisor, bool isZombie)
{
    public Lease Lease => lease;

    public Job Job => job;

    public Actor Supervisor => supervisor;

    public Machine Machine => supervisor.Machine;

    /// <summary>It goes on after its lease is lost, with all that it had begun.</summary>
    public bool IsZombie => isZombie;

    public AttemptStop Stop { get; } = new();

    public StopCause Cause { get; private set; }

    public bool IsLost => Cause == StopCause.Lost;

    /// <summary>Its process has died; its worker has not.</summary>
    public bool Died { get; set; }

    /// <summary>Whether its process has been started.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Whether its process has ended.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Whether the worker is done with it.</summary>
    public bool IsOver { get; set; }

    /// <summary>Asks it to stop; a weightier cause stays.</summary>
    public void Ask(StopCause cause)
    {
        if (cause > Cause) Cause = cause;
    }

    /// <summary>What its process would be told.</summary>
    public StopReason? Reason => Cause switch
    {
        StopCause.None => null,
        StopCause.Lost when isZombie => null,
        StopCause.Cancel => StopReason.Cancel,
        _ => StopReason.Interrupt,
    };
}

/// <summary>Thrown where the process of an attempt dies.</summary>
internal sealed class ProcessDiedException() : Exception("The attempt's process has died.");

/// <content>Attempts: probes, and classify jobs whose handler is the product's but for the network and the pipeline around it.</content>
internal sealed partial class World
{
    private readonly List<Attempt> _attempts = [];

    public Attempt? AttemptOf(Actor actor) => actor.Lease is { } lease ? _attempts.Find(attempt => attempt.Lease.Token == lease.Token) : null;

    /// <summary>Whether an attempt's actor waits inside product code that a stop would end.</summary>
    public bool WantsStop(Actor actor) =>
        actor is { Role: Role.Attempt or Role.Supervisor, IsInProduct: true } && AttemptOf(actor) is { Reason: not null, Stop.Reason: null };

    public void Stop(Actor actor)
    {
        Attempt attempt = AttemptOf(actor)!;
        attempt.Stop.Request(attempt.Reason!.Value);
    }

    public void ProcessDies(Actor actor) => AttemptOf(actor)!.Died = true;

    private async Task<Outcome?> RunAttemptAsync(Actor actor, Attempt attempt)
    {
        Session session = actor.Session;
        var context = new AttemptContext(
            new AttemptStart(attempt.Lease, attempt.Job.Arguments, "cpu", 1), attempt.Stop, SimulatedKinds.All, session.Get<ProgressStore>(), session.Get<MetricStore>(), NullLogger.Instance);
        attempt.HasBegun = true;
        Actor? planner = null;
        try
        {
            return attempt.Lease.Kind == ProbeArguments.Kind
                ? await ProbeAsync(actor, attempt, context)
                : await ClassifyAsync(actor, attempt, context, made => planner = made);
        }
        catch (ProcessDiedException)
        {
            attempt.Died = true;
            return null;
        }
        catch (Exception error) when (!actor.IsDead)
        {
            if (attempt.Died) return null;
            if (error is Npgsql.PostgresException) throw;
            if (error is LeaseLostException) _history.Count("refused: write of a lost lease");
            return FailureClassification.OutcomeOf(error, attempt.Reason);
        }
        finally
        {
            if (planner is { IsDone: false, IsDead: false } && !actor.IsDead) await EndPlannerAsync(actor, planner);
        }
    }

    private async Task EndPlannerAsync(Actor actor, Actor planner)
    {
        // The stages end together; here the other one's connection is cut.
        await actor.ParkAsync("stops the planner", () => true);
        planner.IsUnwanted = true;
        await actor.ParkAsync("waits for the planner's end", () => planner.IsDone);
    }

    private async Task<Outcome> ProbeAsync(Actor actor, Attempt attempt, AttemptContext context)
    {
        int rounds = _random.Next(0, 4);
        for (int round = 1; round <= rounds; round++)
        {
            if (attempt.Reason is not null) return Stopped(attempt);
            switch (_random.Next(4))
            {
                case 0: await context.RecordMetricsAsync([new MetricPoint("loss", round, 0.5)]); break;
                case 1: await context.CheckLeaseAsync(); break;
                default: await context.ReportProgressAsync(round, rounds, $"round {round}"); break;
            }
            if (_history.Chance(0.2)) await actor.WaitAsync("works", TimeSpan.FromSeconds(_random.Next(1, 12)));
        }
        if (attempt.Reason is not null) return Stopped(attempt);
        return _random.Next(_history.IsRough ? 20 : 60) switch
        {
            < 3 => new Outcome.Failed("the network broke", FailureKind.Transient),
            3 => new Outcome.Failed("the request is wrong", FailureKind.Permanent),
            4 or 5 => new Outcome.HandedBack("for no reason"),
            6 or 7 => throw new ProcessDiedException(),
            8 => await HangAsync(actor),
            _ => Outcome.Success(new { value = $"v{attempt.Lease.Attempt}" }),
        };
    }

    private async Task<Outcome> HangAsync(Actor actor)
    {
        await actor.WaitAsync("hangs", TimeSpan.FromSeconds(40));
        throw new ProcessDiedException();
    }

    private static Outcome Stopped(Attempt attempt) => attempt.Reason == StopReason.Cancel ? new Outcome.Cancelled() : new Outcome.HandedBack("interrupted");

    // ClassifyHandler and UnitWorker, whose pipeline needs a network; what they call is the product's.
    private async Task<Outcome> ClassifyAsync(Actor actor, Attempt attempt, AttemptContext context, Action<Actor> plannerMade)
    {
        Session session = actor.Session;
        ClassifyJob job = ClassifyJob.Of(context);
        await session.Get<OutputClaims>().ClaimAsync(job, CancellationToken.None);

        Actor? planner = null;
        if (_history.Chance(0.9))
        {
            planner = _history.Spawn($"{actor.Name} plans", Role.Attempt, actor.Machine, async planning =>
            {
                try
                {
                    await InProductAsync(planning, () => planning.Session.Get<UnitPlanner>().RunAsync(job, attempt.Stop.Token));
                }
                catch (Exception error) when (error is OperationCanceledException or LeaseLostException or JobException or BlobException || IsBroken(error))
                {
                    planning.Failure = error;
                }
            }, lease: attempt.Lease);
            plannerMade(planner);
        }
        else
        {
            await InProductAsync(actor, () => session.Get<UnitPlanner>().RunAsync(job, attempt.Stop.Token));
        }

        var committer = new UnitCommitter(session.Get<BlobStore>(), session.Get<UnitStore>(), session.Get<FailedItemLimit>(), session.Clock);
        bool isPinned = false;
        while (await session.Get<PlanStore>().LookAsync(job.Id, CancellationToken.None) is var left && !left.State.HasEnded() && (left.HasOpenUnits || !left.IsPlanComplete))
        {
            if (planner?.Failure is { } failed) throw failed;
            int committedCount = 0;
            if (left.HasOpenUnits)
            {
                if (!isPinned) await PinAsync(session, attempt.Lease);
                isPinned = true;
                while (await session.Get<SuspectStore>().ClaimAsync(job.Lease, CancellationToken.None) is { } suspect)
                {
                    committedCount++;
                    await committer.CommitAsync(job, await ReadSuspectAsync(session, job, suspect), CancellationToken.None);
                    if (attempt.Reason is not null) return Stopped(attempt);
                }
                while (await session.Get<UnitStore>().ClaimAsync(job.Lease, CancellationToken.None) is { } unit)
                {
                    committedCount++;
                    List<Unit> units = [unit];
                    if (_history.Chance(0.3) && await session.Get<UnitStore>().ClaimAsync(job.Lease, CancellationToken.None) is { } second) units.Add(second);
                    List<PendingUnit> read = [];
                    foreach (Unit each in units) read.Add(await ReadUnitAsync(session, job, each));
                    foreach (PendingUnit each in read) await committer.CommitAsync(job, each, CancellationToken.None);
                    if (attempt.Reason is not null) return Stopped(attempt);
                }
            }
            if (attempt.Reason is not null) return Stopped(attempt);
            if (committedCount == 0) await actor.WaitAsync("looks for units", TimeSpan.FromSeconds(0.5));
        }
        if (planner is not null) await actor.ParkAsync("waits for the planner", () => planner.IsDone);
        if (planner?.Failure is { } error) throw error;
        ClassifyResult? result = null;
        await InProductAsync(actor, async () => result = await session.Get<Finisher>().RunAsync(job, attempt.Stop.Token));
        return result is null ? new Outcome.HandedBack("another lane finished the job") : Outcome.Success(result);
    }

    private static async Task InProductAsync(Actor actor, Func<Task> run)
    {
        actor.IsInProduct = true;
        try
        {
            await run();
        }
        finally
        {
            actor.IsInProduct = false;
        }
    }

    private Task<PinnedCheckpoint> PinAsync(Session session, Lease lease) => session.Get<PinnedCheckpointStore>().PinAsync(
        lease, new PinnedCheckpoint { Reference = "blob://sim/models/model.pth", Checkpoint = "blob://sim/models/model.pth", Path = "blob://sim/models/model.pth", Etag = $"\"{_random.Next(3)}\"" });

    private async Task<PendingUnit> ReadUnitAsync(Session session, ClassifyJob job, Unit unit)
    {
        var pending = new PendingUnit(unit);
        foreach (PendingItem item in pending.Items) pending.Settle(item.Position, await ReadItemAsync(session, job, item));
        return pending;
    }

    private async Task<PendingUnit> ReadSuspectAsync(Session session, ClassifyJob job, SuspectUnit suspect)
    {
        SuspectStore suspects = session.Get<SuspectStore>();
        var pending = new PendingUnit(suspect.Unit);
        foreach (PendingItem item in pending.Items.OrderBy(item => item.Position != suspect.First))
        {
            if (suspect.Blamed.TryGetValue(item.Position, out string? reason))
            {
                pending.Settle(item.Position, new ClassifiedRow(item.Item.Name, item.Item.ETag ?? "", [], reason));
                continue;
            }
            await suspects.NoteAsync(job.Lease, suspect.Unit.Index, item.Position, CancellationToken.None);
            ClassifiedRow row = await ReadItemAsync(session, job, item);
            await suspects.NoteAsync(job.Lease, suspect.Unit.Index, null, CancellationToken.None);
            pending.Settle(item.Position, row);
        }
        return pending;
    }

    private static async Task<ClassifiedRow> ReadItemAsync(Session session, ClassifyJob job, PendingItem item)
    {
        BlobContent content = await session.Get<BlobStore>().ReadAsync(job.Input with { Name = item.Item.Name }, item.Item.ETag);
        return JsonSerializer.Deserialize<string>(content.Bytes) switch
        {
            "poison" => throw new ProcessDiedException(),
            "broken" => new ClassifiedRow(item.Item.Name, content.ETag, [], "it is no image"),
            _ => new ClassifiedRow(item.Item.Name, content.ETag, [new Prediction(0, "thing", 0.5f)]),
        };
    }
}
