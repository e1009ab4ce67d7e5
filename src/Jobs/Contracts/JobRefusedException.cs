namespace HrNetBatch.Jobs.Contracts;

/// <summary>What was asked of a job is impossible in the state it is in; the message says what to do instead.</summary>
/// <param name="message">What, which job, and what to do.</param>
public sealed class JobRefusedException(string message) : Exception(message);
