namespace HrNetBatch.Jobs.Contracts;

/// <summary>What happened to a job.</summary>
public enum JobEvent
{
    /// <summary>An attempt took a lane of the job.</summary>
    Claimed,

    /// <summary>The last live attempt was handed back or lost its lease; the job wants a worker at once.</summary>
    Returned,

    /// <summary>The last live attempt failed for now; the job waits out its back-off.</summary>
    Postponed,

    /// <summary>An attempt delivered the result.</summary>
    Completed,

    /// <summary>A failure that no retry will mend, or one too many.</summary>
    GaveUp,

    /// <summary>Somebody asked to stop, and no attempt is live any more.</summary>
    Stopped,

    /// <summary>Somebody asked to stop a job that had a result already (its failed items were being retried), and no attempt is live any more.</summary>
    Restored,

    /// <summary>An operator asked for the job, or for its failed items, again.</summary>
    Retried,
}

/// <summary>One arrow of the diagram in docs/job-states.md.</summary>
/// <param name="From">State before.</param>
/// <param name="Event">What happened.</param>
/// <param name="To">State after.</param>
public sealed record JobTransition(JobState From, JobEvent Event, JobState To);

/// <summary>Every transition of a job, in one table; nothing else in the project decides what may follow what.</summary>
public static class JobStates
{
    /// <summary>The table of docs/job-states.md.</summary>
    public static IReadOnlyList<JobTransition> Transitions { get; } =
    [
        new(JobState.Queued, JobEvent.Claimed, JobState.Running),
        new(JobState.Queued, JobEvent.Stopped, JobState.Cancelled),
        new(JobState.Queued, JobEvent.Restored, JobState.Succeeded),
        new(JobState.Scheduled, JobEvent.Claimed, JobState.Running),
        new(JobState.Scheduled, JobEvent.Stopped, JobState.Cancelled),
        new(JobState.Scheduled, JobEvent.Restored, JobState.Succeeded),
        new(JobState.Running, JobEvent.Claimed, JobState.Running),
        new(JobState.Running, JobEvent.Returned, JobState.Queued),
        new(JobState.Running, JobEvent.Postponed, JobState.Scheduled),
        new(JobState.Running, JobEvent.Completed, JobState.Succeeded),
        new(JobState.Running, JobEvent.GaveUp, JobState.Failed),
        new(JobState.Running, JobEvent.Stopped, JobState.Cancelled),
        new(JobState.Running, JobEvent.Restored, JobState.Succeeded),
        new(JobState.Failed, JobEvent.Retried, JobState.Queued),
        new(JobState.Cancelled, JobEvent.Retried, JobState.Queued),
        new(JobState.Succeeded, JobEvent.Retried, JobState.Queued),
    ];

    private static readonly Dictionary<(JobState, JobEvent), JobState> Table =
        Transitions.ToDictionary(transition => (transition.From, transition.Event), transition => transition.To);

    /// <summary>Whether no worker will touch the job again unless an operator retries it.</summary>
    public static bool HasEnded(this JobState state) => state is JobState.Succeeded or JobState.Cancelled or JobState.Failed;

    /// <summary>Whether <paramref name="happened"/> can happen in <paramref name="state"/>.</summary>
    public static bool Allows(this JobState state, JobEvent happened) => Table.ContainsKey((state, happened));

    /// <summary>The state after <paramref name="happened"/>.</summary>
    /// <exception cref="InvalidOperationException">The table has no such transition.</exception>
    public static JobState Next(this JobState state, JobEvent happened) =>
        Table.TryGetValue((state, happened), out JobState next)
            ? next
            : throw new InvalidOperationException($"A job that is {state} cannot be {happened}; docs/job-states.md lists what can follow what.");
}
