using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Simulator.Actors;
using HrNetBatch.Worker;
using HrNetBatch.Worker.Attempts;
using HrNetBatch.Worker.Devices;
using HrNetBatch.Worker.Waking;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Simulator;

/// <content>What runs on machines besides attempts.</content>
internal sealed partial class World
{
    private static readonly WakingOptions Waking = new() { Patience = TimeSpan.FromSeconds(6) };
    private static readonly WorkerOptions WorkerSettings = new() { Device = "cpu", DeviceWait = TimeSpan.FromSeconds(5) };

    private async Task RunWakerAsync(Actor actor)
    {
        Session session = actor.Session;
        TimeProvider clock = session.Clock;
        WakeStore wakes = session.Get<WakeStore>();
        var served = new ServedKinds(SimulatedKinds.All, new DevicePool(Options.Create(WorkerSettings), clock));
        var strays = new StrayWakes(wakes, _calls, _calls, Options.Create(WorkerSettings), Options.Create(Waking), clock, NullLogger<StrayWakes>.Instance);
        var waker = new Waker(session.Leases, wakes, strays, served, _calls, new WakeSignal(), Options.Create(Waking), clock, NullLogger<Waker>.Instance);
        double pause = 1.5;
        while (!actor.Machine.IsDraining)
        {
            try
            {
                await StepOf(waker, CancellationToken.None);
            }
            catch (Exception error) when (IsBroken(error) && !actor.IsDead)
            {
                // As its polling service does: told, and tried again.
            }
            if (!_history.IsRough) pause = Math.Min(6, pause * 1.3);
            await actor.WaitAsync("waits for its next look", TimeSpan.FromSeconds(pause));
        }
    }

    private async Task RunPublisherAsync(Actor actor)
    {
        OutboxStore outbox = actor.Session.Get<OutboxStore>();
        while (!actor.Machine.IsDraining)
        {
            try
            {
                while (await outbox.PublishAsync(_random.Next(1, 6), events => PublishAsync(actor, events)) > 0)
                {
                }
            }
            catch (Exception error) when (IsBroken(error) && !actor.IsDead)
            {
                // As above.
            }
            await actor.WaitAsync("waits for its next look", TimeSpan.FromSeconds(_history.IsRough ? 2 : 5));
        }
    }

    private async Task PublishAsync(Actor actor, IReadOnlyList<OutboxEvent> events)
    {
        await actor.ParkAsync("publishes", () => true);
        int count = events.Count;
        bool fails = _history.Fault(3);
        if (fails) count = _random.Next(0, count + 1);
        foreach (OutboxEvent happened in events.Take(count)) Topic.Add((happened.Id, happened.JobId, happened.Position, happened.Event));
        _history.Log(actor.Name, $"{(fails ? "✗ " : "")}published {string.Join(", ", events.Take(count).Select(happened => $"{NameOf(happened.JobId)} {happened.Event}"))}");
        await actor.ParkAsync("has published", () => true);
        if (!fails) return;
        _history.Count("fault: publishing broke");
        throw new IOException("The bus broke.");
    }

    private void OnCall(Call call)
    {
        if (_history.Fault(3))
        {
            call.DeliveryCount = _random.Next(2) * 2; // never, or twice
            if (call.DeliveryCount == 0) call.State = null;
            _history.Count(call.DeliveryCount == 0 ? "fault: wake lost" : "fault: wake doubled");
        }
        _history.Log("", $"call {call.Id} to {NameOf(call.Job)}{(call.DeliveryCount == 1 ? "" : $" ✗ is delivered {call.DeliveryCount} times")}");
    }

    /// <summary>Hands a call to a machine that has a place for an attempt.</summary>
    private void DeliverCall()
    {
        List<Call> waiting = [.. _calls.All.Where(call => call.DeliveryCount > 0)];
        List<Machine> free = [.. _machines.Where(machine => machine.IsUp && machine.AttemptCount < 3 && machine.FrozenUntil <= Time.Microseconds)];
        if (waiting.Count == 0 || free.Count == 0 || _machines.Sum(machine => machine.AttemptCount) >= 6 || Room < 4) return;
        Call call = waiting[_random.Next(waiting.Count)];
        Machine machine = free[_random.Next(free.Count)];
        call.DeliveryCount--;
        call.State = "Processing";
        machine.AttemptCount++;
        _history.Spawn($"{machine.Name} call {call.Id}", Role.Supervisor, machine, async actor =>
        {
            try
            {
                await AnswerCallAsync(actor, call);
                call.State = "Succeeded";
            }
            catch (Exception error) when (IsBroken(error) && !actor.IsDead)
            {
                call.State = "Deleted"; // a failed call is not retried; the waker makes a new one
            }
            finally
            {
                if (actor.IsDead && _history.IsRough && _history.Chance(0.4)) call.DeliveryCount++; // fetched again once it is invisible no more
                machine.AttemptCount--;
            }
        });
    }

    // WakeJob and AttemptSupervisor, whose attempts are processes, in a few lines.
    private async Task AnswerCallAsync(Actor actor, Call call)
    {
        WakeStore wakes = actor.Session.Get<WakeStore>();
        if (actor.Machine.IsDraining)
        {
            foreach (Wake wake in await wakes.ListStaleAsync(TimeSpan.Zero))
            {
                if (wake.JobId == call.Job) await wakes.ForgetAsync(wake);
            }
            return;
        }
        if (await actor.Session.Jobs.FindAsync(call.Job) is not { } job) return;
        long claimedAt = Time.Microseconds;
        if (await actor.Session.Leases.ClaimAsync(call.Job, actor.Machine.Name, "cpu") is not { } lease) return;

        actor.Lease = lease;
        var attempt = new Attempt(lease, job, actor, _history.Chance(0.4));
        _attempts.Add(attempt);
        _history.Count("attempt");
        _history.Log(actor.Name, $"is attempt {lease.Attempt} of {NameOf(lease.JobId)} on lane {lease.Lane}");
        Actor keeper = _history.Spawn($"{actor.Machine.Name} keeper {call.Id}", Role.Keeper, actor.Machine, keeper => KeepAsync(keeper, attempt, claimedAt), lease: lease);
        try
        {
            Outcome? reported = await RunAttemptAsync(actor, attempt);
            attempt.HasEnded = true;
            StopCause cause = attempt is { IsZombie: true, Cause: StopCause.Lost } ? StopCause.None : attempt.Cause;
            if (AttemptVerdict.Decide(attempt.Died ? null : reported, cause, 137, "", new SupervisionOptions()) is { } verdict)
                await EndAsync(actor, attempt, verdict);
        }
        finally
        {
            attempt.HasEnded = attempt.IsOver = true;
        }
    }

    private async Task EndAsync(Actor actor, Attempt attempt, Outcome outcome)
    {
        _history.Count($"outcome: {outcome.Name}");
        while (!attempt.IsLost || attempt.IsZombie)
        {
            try
            {
                JobState state = await actor.Session.Leases.EndAsync(attempt.Lease, outcome);
                _history.Log(actor.Name, $"ended as {outcome.Name}; {NameOf(attempt.Lease.JobId)} is {state}");
                return;
            }
            catch (LeaseLostException)
            {
                _history.Count("refused: end of a lost lease");
                return;
            }
            catch (Exception error) when (IsBroken(error) && !actor.IsDead)
            {
                await actor.WaitAsync("tries again to end", TimeSpan.FromSeconds(1));
            }
        }
    }

    private async Task KeepAsync(Actor keeper, Attempt attempt, long heldSince)
    {
        while (true)
        {
            long due = keeper.Session.Clock.TrueAfter(Ledger.LeaseRenewal);
            await keeper.ParkAsync("waits for its next renewal", () => attempt.IsOver || Time.Microseconds >= due, due);
            if (attempt.IsOver) return;
            long sent = Time.Microseconds;
            try
            {
                switch (await keeper.Session.Leases.RenewAsync(attempt.Lease))
                {
                    case LeaseStatus.Held:
                        heldSince = sent;
                        break;
                    case LeaseStatus.CancelRequested:
                        heldSince = sent;
                        attempt.Ask(StopCause.Cancel);
                        break;
                    case LeaseStatus.JobEnded:
                        heldSince = sent;
                        attempt.Ask(StopCause.JobEnded);
                        break;
                    case LeaseStatus.Lost:
                        attempt.Ask(StopCause.Lost);
                        _history.Count("refused: renewal of a lost lease");
                        return;
                }
            }
            catch (Exception error) when (IsBroken(error) && !keeper.IsDead)
            {
                double gone = (Time.Microseconds - heldSince) * keeper.Machine.ClockRate;
                if (gone < Ledger.LeaseDuration.TotalMicroseconds) continue;
                attempt.Ask(StopCause.Lost);
                return;
            }
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "StepAsync")]
    private static extern Task<bool> StepOf(Waker waker, CancellationToken stop);
}
