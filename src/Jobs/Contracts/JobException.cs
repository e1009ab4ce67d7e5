namespace HrNetBatch.Jobs.Contracts;

/// <summary>A failure that a handler understood: the message tells people what failed and what to do next.</summary>
/// <param name="message">What failed, for which job, blob or file, and what to do next.</param>
/// <param name="kind">Whether trying again can help.</param>
/// <param name="inner">The cause, for the log.</param>
public sealed class JobException(string message, FailureKind kind = FailureKind.Permanent, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether trying again can help.</summary>
    public FailureKind Kind { get; } = kind;
}
