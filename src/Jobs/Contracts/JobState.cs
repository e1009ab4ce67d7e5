namespace HrNetBatch.Jobs.Contracts;

/// <summary>Where a job stands; <see cref="JobStates"/> holds every transition.</summary>
public enum JobState
{
    /// <summary>Wants a worker now.</summary>
    Queued,

    /// <summary>Wants a worker later: submitted for a later time, or waiting out the back-off after a failure.</summary>
    Scheduled,

    /// <summary>At least one attempt holds a lease, or held one that nobody has ended yet.</summary>
    Running,

    /// <summary>Ended with a result.</summary>
    Succeeded,

    /// <summary>Ended because somebody asked.</summary>
    Cancelled,

    /// <summary>Ended by a permanent failure or too many transient ones; needs a person.</summary>
    Failed,
}
