using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Worker.Attempts;

/// <summary>What an ended process means for the job: one pure function.</summary>
internal static class AttemptVerdict
{
    /// <param name="reported">What the process said itself, if it came to that.</param>
    /// <param name="cause">Why the worker stopped it, if it did.</param>
    /// <param name="exitCode">How the process ended.</param>
    /// <param name="lastWords">The end of its standard error.</param>
    /// <param name="options">The silences that count as a hang, for the message.</param>
    /// <returns>The outcome to write, or null when the lease is gone and with it the right to write one.</returns>
    public static Outcome? Decide(Outcome? reported, StopCause cause, int exitCode, string lastWords, SupervisionOptions options) => (cause, reported) switch
    {
        (StopCause.Lost, _) or (_, Outcome.Lost) => null,
        (_, Outcome.Succeeded) => reported, // it was faster than the order to stop
        (StopCause.JobEnded, _) => new Outcome.HandedBack("The job ended through another lane."),
        (StopCause.Cancel, _) => new Outcome.Cancelled(),
        (StopCause.Interrupt, Outcome.Failed { Kind: FailureKind.Permanent }) => reported,
        (StopCause.Interrupt, Outcome.HandedBack) => reported,
        // Interruption is not failure: whatever broke while stopping, the next attempt finds out whether it is real.
        (StopCause.Interrupt, _) => new Outcome.HandedBack("The worker stopped before the attempt had saved what it had."),
        (_, not null) => reported,
        (StopCause.Silent, _) => Died($"The attempt's process gave no sign of life for {options.HeartbeatTimeout.TotalSeconds:0.#} s and was killed.", lastWords),
        (StopCause.Stalled, _) => Died($"The attempt got no further for {options.StallTimeout} although its process lived, and was killed. "
            + $"If a single step may take longer here, raise {SupervisionOptions.Section}:{nameof(SupervisionOptions.StallTimeout)}.", lastWords),
        _ => Died($"The attempt's process {ExitStatus.Describe(exitCode)}.", lastWords),
    };

    private static Outcome.Failed Died(string what, string lastWords) => new(
        lastWords.Length == 0 ? what : $"{what} Its last words:\n{lastWords}", FailureKind.Transient)
    { Died = true };
}
