using System.Globalization;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Simulator.Actors;
using HrNetBatch.Simulator.Checking;
using HrNetBatch.Simulator.Wires;

namespace HrNetBatch.Simulator;

/// <summary>A request that somebody sends.</summary>
internal sealed class Submission(JobRequest request)
{
    public JobRequest Request => request;

    /// <summary>Whether the sender had an answer.</summary>
    public bool IsAcknowledged { get; set; }

    /// <summary>Whether a message with it is on its way, or somebody has it in hand.</summary>
    public int UnderWay { get; set; }
}

/// <summary>A time at which a schedule is due.</summary>
internal sealed class Firing(DateTime at)
{
    public DateTime At => at;

    public bool IsAcknowledged { get; set; }

    public int UnderWay { get; set; }
}

/// <summary>The images of a classify job's input, by name: fine, broken or poison.</summary>
internal sealed record Input(string Container, IReadOnlyDictionary<string, string> Images);

/// <summary>
/// What is in a history besides the product: jobs that are asked for, machines, messages, and what the seed makes of them.
/// </summary>
internal sealed partial class World
{
    public const string ScheduleName = "nightly";

    private readonly History _history;
    private readonly Random _random;
    private readonly Dictionary<Guid, string> _names = [];
    private readonly List<Machine> _machines = [];
    private readonly Machine _outside = new("outside"); // where operators and message queues are; it does not die
    private readonly Calls _calls;
    private readonly Dictionary<Guid, JobRequest> _requests = [];
    private readonly bool _isLarge;
    private int _followersOfSchedule;
    private int _operationsLeft, _machineCount, _actorCount;

    public World(History history)
    {
        _history = history;
        _random = history.Random;
        FaultRate = new[] { 0, 0.02, 0.05, 0.1 }[_random.Next(4)];
        _isLarge = _random.Next(5) == 0;
        StepCount = _isLarge ? _random.Next(100, 260) : _random.Next(40, 130);
        _operationsLeft = _isLarge ? _random.Next(3, 12) : _random.Next(0, 5);
        Retry = new RetryOptions
        {
            FailureLimit = _random.Next(2, 6),
            LostLimit = _random.Next(0, 6),
            FirstDelay = TimeSpan.FromSeconds(2),
            LongestDelay = TimeSpan.FromSeconds(_random.Next(4, 20)),
        };
        _calls = new Calls(OnCall);
    }

    public double FaultRate { get; }

    public int StepCount { get; }

    public RetryOptions Retry { get; }

    public LedgerOptions Ledger { get; } = new();

    public List<Submission> Submissions { get; } = [];

    public List<Firing> Firings { get; } = [];

    public Dictionary<Guid, Input> Inputs { get; } = [];

    /// <summary>What the listeners have received, in that order.</summary>
    public List<(Guid Id, Guid Job, long Position, string Event)> Topic { get; } = [];

    public Blobs.BlobMemory Blobs => _history.Simulation.Blobs;

    public TrueTime Time => _history.Time;

    /// <summary>A short name for a job.</summary>
    public string NameOf(Guid id) => _names.TryGetValue(id, out string? name) ? name : _names[id] = $"J{_names.Count + 1}";

    /// <summary>How many jobs follow a job's success.</summary>
    public int FollowerCountOf(JobRow job) =>
        job is { Schedule: ScheduleName, Follows: null } ? _followersOfSchedule : _requests.TryGetValue(job.Id, out JobRequest? request) ? request.Then.Count : 0;

    /// <summary>The folder of a classify job's results, with its slash.</summary>
    public string OutputOf(Guid job) => $"{_requests[job].Arguments.GetProperty("output").GetString()!["blob://sim/out/".Length..]}/";

    /// <summary>Whether a job was told to replace what lies in the output of another.</summary>
    public bool MayReplace(Guid job, Guid other) =>
        OutputOf(job) == OutputOf(other) && _requests[job].Arguments.TryGetProperty("replaceOutput", out JsonElement replaces) && replaces.GetBoolean();

    private void Know(JobRequest request)
    {
        _requests[request.Id] = request;
        foreach (JobRequest follower in request.Then) Know(follower);
    }

    /// <summary>Prepares the database, the first jobs and the first machines.</summary>
    public void Begin()
    {
        _history.Simulation.Clear();
        var jitter = new Jitter(_random.Next());
        _history.Simulation.Reset(Retry, Ledger, jitter);
        Session session = _history.Simulation.Sessions[0];
        session.Clock.Rate = 1;
        session.Get<OutboxStore>().DemandAsync(TimeSpan.FromDays(7), TimeSpan.FromSeconds(_random.Next(2) * 5)).GetAwaiter().GetResult();
        if (_history.Chance(0.2))
        {
            JobRequest request = JobRequest.For(new ProbeArguments { Note = "scheduled" }) with { Then = _history.Chance(0.3) ? [ProbeRequest("{{result.value}}")] : [] };
            _followersOfSchedule = request.Then.Count;
            session.Get<ScheduleStore>().SetAsync(ScheduleName, "* * * * *", request).GetAwaiter().GetResult();
            for (int minute = 0; minute < (_isLarge ? 2 : 1); minute++) Firings.Add(new Firing(TrueTime.Start.UtcDateTime.AddMinutes(minute)));
        }
        for (int count = _isLarge ? _random.Next(1, 4) : 1; count > 0; count--) Submissions.Add(NewSubmission());
        for (int count = _random.Next(1, 3); count > 0; count--) StartMachine();
    }

    /// <summary>What happens from outside before the next step; false: it took the step's time.</summary>
    public bool Act()
    {
        if (_history.Chance(0.12)) SendSomething();
        if (_history.Chance(0.35)) DeliverCall();
        if (_operationsLeft > 0 && Room > 2 && _history.Chance(0.08))
        {
            _operationsLeft--;
            Operate();
        }
        if (_machines.Count(machine => machine.IsUp && !machine.IsDraining) < 3 && Room > 4 && _history.Chance(0.03)) StartMachine();
        if (FaultRate == 0 || !_history.Chance(0.02)) return true;

        List<Machine> up = [.. _machines.Where(machine => machine.IsUp)];
        if (up.Count == 0) return true;
        Machine chosen = up[_random.Next(up.Count)];
        switch (_random.Next(10))
        {
            case < 4:
                chosen.FrozenUntil = Time.Microseconds + (_random.Next(1, 60) * 1_000_000L);
                _history.Log(chosen.Name, string.Create(CultureInfo.InvariantCulture, $"✗ stands still until {chosen.FrozenUntil / 1e6:0.000}"));
                _history.Count("fault: machine frozen");
                break;
            case < 6:
                _history.Log("", "✗ a long time goes by");
                _history.Count("fault: time jumps ahead");
                _history.Advance(_random.Next(5, 60) * 1_000_000L);
                return false;
            case 6:
                _history.Log("", "✗ the database's clock is set back");
                _history.Count("fault: database clock set back");
                _history.Advance(-_random.Next(1, 30) * 1_000_000L);
                return false;
            case 7:
                _history.Log(chosen.Name, "✗ dies");
                _history.Kill(chosen);
                return false;
            default:
                Drain(chosen);
                break;
        }
        return true;
    }

    /// <summary>From here on nothing goes wrong any more.</summary>
    public void CalmDown()
    {
        _operationsLeft = 0;
        foreach (Machine machine in _machines) machine.FrozenUntil = 0;
        while (_machines.Count(machine => machine.IsUp && !machine.IsDraining) < 2 && Room > 4) StartMachine();
    }

    public void ActCalmly()
    {
        if (!_machines.Exists(machine => machine.Actors.Exists(actor => actor.Role == Role.Publisher)) && _machines.Find(machine => machine.IsUp && !machine.IsDraining) is { } host)
            _history.Spawn($"{host.Name} publisher", Role.Publisher, host, RunPublisherAsync, isEndless: true);
        if (_machines.Count(machine => machine.IsUp && !machine.IsDraining) < 2 && Room > 4) StartMachine();
        foreach (Submission submission in Submissions.Where(submission => !submission.IsAcknowledged && submission.UnderWay == 0)) Send(submission);
        foreach (Firing firing in Firings.Where(firing => !firing.IsAcknowledged && firing.UnderWay == 0)) Fire(firing);
        DeliverCall();
    }

    /// <summary>Whether nothing is left to be done.</summary>
    public bool IsQuiet(Snapshot now) =>
        Submissions.All(submission => submission.IsAcknowledged && submission.UnderWay == 0) && Firings.All(firing => firing.IsAcknowledged && firing.UnderWay == 0)
        && _machines.All(machine => machine.AttemptCount == 0) && now.IsFinished;

    public Guid NewId()
    {
        byte[] id = new byte[16];
        _random.NextBytes(id);
        return new Guid(id);
    }

    public WireFault FaultOf(Actor actor, WireRequest request)
    {
        if (AttemptOf(actor) is { Died: true, HasEnded: false }) return WireFault.ProcessDiesBefore; // it died on another of its connections
        if (!_history.Fault()) return WireFault.None;
        int kind = _random.Next(10);
        bool isAttempt = actor.Role is Role.Attempt || (actor.Role == Role.Supervisor && AttemptOf(actor) is { HasBegun: true, HasEnded: false });
        if (kind < 4 || actor.Machine == _outside) return kind % 2 == 0 ? WireFault.CutBefore : WireFault.CutAfter;
        if (kind < 7 && isAttempt) return _history.Chance(0.5) ? WireFault.ProcessDiesBefore : WireFault.ProcessDiesAfter;
        return kind < 8 ? WireFault.CutAfter : kind == 8 ? WireFault.MachineDiesBefore : WireFault.MachineDiesAfter;
    }

    public BlobFault FaultOf(BlobQuestion question) => !_history.Fault(0.7)
        ? BlobFault.None
        : new[] { BlobFault.Lost, BlobFault.AnswerLost, BlobFault.Doubled, BlobFault.Doubled, BlobFault.MachineDiesBefore, BlobFault.MachineDiesAfter }[_random.Next(6)];

    /// <summary>
    /// How many actors more there can be, besides those that attempts may still bring forth: a keeper and a planner each.
    /// </summary>
    private int Room => _history.FreeSessionCount - (2 * _machines.Sum(machine => machine.AttemptCount));

    private Machine StartMachine()
    {
        var machine = new Machine($"W{++_machineCount}")
        {
            ClockRate = _history.Chance(0.3) ? 0.7 + (_random.NextDouble() * 0.7) : 1,
            ClockAhead = _history.Chance(0.3) ? TimeSpan.FromSeconds(_random.Next(-7200, 7200)) : TimeSpan.Zero,
        };
        _machines.Add(machine);
        _history.Log(machine.Name, string.Create(CultureInfo.InvariantCulture, $"starts; its clock goes {machine.ClockRate:0.00} times as fast and is {machine.ClockAhead} ahead"));
        _history.Spawn($"{machine.Name} waker", Role.Waker, machine, RunWakerAsync, isEndless: true);
        if (_history.Chance(0.7) || _machineCount <= 1 || !_history.IsRough)
            _history.Spawn($"{machine.Name} publisher", Role.Publisher, machine, RunPublisherAsync, isEndless: true);
        return machine;
    }

    private void Drain(Machine machine)
    {
        _history.Log(machine.Name, "is told to stop");
        _history.Count("fault: machine drained");
        machine.IsDraining = true;
        foreach (Attempt attempt in _attempts.Where(attempt => attempt.Machine == machine)) attempt.Ask(HrNetBatch.Worker.Attempts.StopCause.Interrupt);
    }

    // Messages.

    private void SendSomething()
    {
        if (Room < 3) return;
        if (Firings.Count > 0 && _history.Chance(0.3))
        {
            Firing firing = Firings[_random.Next(Firings.Count)];
            if (firing.UnderWay < 2 && (!firing.IsAcknowledged || _history.Chance(0.3))) Fire(firing);
            return;
        }
        if (Submissions.Count == 0) return;
        Submission submission = Submissions[_random.Next(Submissions.Count)];
        if (submission.UnderWay < 2 && (!submission.IsAcknowledged || _history.Chance(0.2))) Send(submission);
    }

    private void Send(Submission submission)
    {
        submission.UnderWay++;
        _history.Count("operation: submit");
        _history.Spawn($"sender {++_actorCount}", Role.Intake, _outside, async actor =>
        {
            try
            {
                await actor.Session.Jobs.EnqueueAsync(submission.Request);
                submission.IsAcknowledged = true;
            }
            catch (Exception error) when (IsBroken(error))
            {
                // No answer: the message comes again.
            }
            finally
            {
                submission.UnderWay--;
            }
        }).Doing = $"submit {NameOf(submission.Request.Id)}";
    }

    private void Fire(Firing firing)
    {
        firing.UnderWay++;
        _history.Count("operation: fire a schedule");
        DateTime at = firing.At.AddMilliseconds(_random.Next(0, 59_000));
        _history.Spawn($"schedule {++_actorCount}", Role.Schedule, _outside, async actor =>
        {
            try
            {
                await Schedules.FireAsync(actor.Session, ScheduleName, at, _calls);
                firing.IsAcknowledged = true;
            }
            catch (Exception error) when (IsBroken(error))
            {
                // Hangfire fires it again.
            }
            finally
            {
                firing.UnderWay--;
            }
        });
    }

    // Operators.

    private void Operate()
    {
        if (_history.Chance(0.2) && Submissions.Count < (_isLarge ? 5 : 2))
        {
            Submissions.Add(NewSubmission());
            return;
        }
        List<Guid> known = [.. _names.Keys];
        if (known.Count == 0) return;
        Guid id = known[_random.Next(known.Count)];
        int kind = _random.Next(10);
        string doing = kind switch { < 4 => "cancel", < 7 => "retry", < 9 => "retry items", _ => "accept" };
        _history.Count($"operation: {doing}");
        Actor made = _history.Spawn($"operator {++_actorCount}", Role.Operator, _outside, async actor =>
        {
            try
            {
                switch (doing)
                {
                    case "cancel": await actor.Session.Jobs.CancelAsync(id); break;
                    case "retry": await actor.Session.Jobs.RetryAsync(id); break;
                    case "retry items": await actor.Session.Get<FailedItemRetry>().RetryItemsAsync(id, _history.Chance(0.3) ? 1 : null); break;
                    default: await actor.Session.Get<FailedItemRetry>().AcceptAsync(id, 1); break;
                }
            }
            catch (JobRefusedException)
            {
                _history.Count("operation: refused");
            }
            catch (Exception error) when (IsBroken(error))
            {
                // The operator sees an error, and leaves it at that.
            }
        });
        made.Doing = $"{doing} {NameOf(id)}";
        _history.Log(made.Name, made.Doing);
    }

    /// <summary>Whether an exception is what a broken connection, or a blob service that is away, looks like.</summary>
    public static bool IsBroken(Exception error) => error is Npgsql.NpgsqlException and not Npgsql.PostgresException
        or IOException or System.Net.Sockets.SocketException or ObjectDisposedException or GoneException or HrNetBatch.Jobs.Blobs.BlobException { IsTransient: true };

    // Requests.

    private Submission NewSubmission()
    {
        JobRequest request = _history.Chance(0.55) ? ClassifyRequest() : ProbeRequest("asked for") with { Then = Followers(2) };
        if (_history.Chance(0.15)) request = request with { NotBefore = TrueTime.Start.AddSeconds((Time.Microseconds / 1e6) + _random.Next(0, 15)) };
        if (request.Kind == ClassifyArguments.Kind && _history.Chance(0.2)) request = request with { Then = Followers(1) };
        _history.Log("", $"{NameOf(request.Id)} is a {request.Kind} job, {request.Arguments.GetRawText()}, followed by {request.Then.Count}");
        Know(request);
        return new Submission(request);
    }

    private JobRequest ProbeRequest(string note) =>
        JobRequest.For(new ProbeArguments { Note = note, LaneCount = _history.Chance(0.35) ? _random.Next(2, 4) : 1 }) with { Id = NewId() };

    private IReadOnlyList<JobRequest> Followers(int most) => [.. Enumerable.Range(0, _random.Next(0, most + 1)).Select(_ =>
        ProbeRequest(_random.Next(5) switch { 0 => "{{result.missing}}", < 3 => "{{result.value}}", _ => "follows" }) with { Then = _history.Chance(0.2) ? [ProbeRequest("last")] : [] })];

    private JobRequest ClassifyRequest()
    {
        Guid id = NewId();
        int number = Inputs.Count + 1;
        string container = $"in-{number:D3}";
        var images = new Dictionary<string, string>();
        for (int i = _random.Next(1, _isLarge ? 8 : 5); i > 0; i--) images[$"img/{i:D2}.png"] = _random.Next(12) switch { 0 => "poison", < 3 => "broken", _ => "fine" };
        foreach ((string name, string content) in images) Blobs.Write(container, name, JsonSerializer.SerializeToUtf8Bytes(content));
        if (_history.Chance(0.1)) Blobs.Write(container, "img/empty/", []); // stands for a folder
        Inputs[id] = new Input(container, images);
        bool shares = number > 1 && _history.Chance(0.15);
        return JobRequest.For(new ClassifyArguments
        {
            Input = $"blob://sim/{container}/img",
            Output = $"blob://sim/out/{(shares ? _random.Next(1, number) : number)}",
            ReplaceOutput = shares && _history.Chance(0.8),
            Checkpoint = "blob://sim/models/model.pth",
            Format = "jsonl",
            TopK = 1,
            UnitSize = _random.Next(1, 4),
            LaneCount = _history.Chance(0.5) ? _random.Next(2, 4) : 1,
            FailedItemLimit = _history.Chance(0.5) ? 1 : 0.3,
        }) with
        { Id = id };
    }
}
