namespace HrNetBatch.Worker.Attempts;

/// <summary>Why the worker stops an attempt, in order of weight: a later cause overrides an earlier one.</summary>
internal enum StopCause
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>The worker itself was told to stop; the job goes on elsewhere and no attempt is spent.</summary>
    Interrupt,

    /// <summary>The job was cancelled.</summary>
    Cancel,

    /// <summary>The process gave no sign of life.</summary>
    Silent,

    /// <summary>The process lives, but its handler has not got on for too long.</summary>
    Stalled,

    /// <summary>The job has ended through another lane.</summary>
    JobEnded,

    /// <summary>The lease is no longer ours: nothing that this attempt writes counts.</summary>
    Lost,
}
