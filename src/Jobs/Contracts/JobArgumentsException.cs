namespace HrNetBatch.Jobs.Contracts;

/// <summary>A request was refused; the message names every field at fault.</summary>
/// <param name="kind">The kind asked for.</param>
/// <param name="faults">What is wrong, each starting with the field's name.</param>
public sealed class JobArgumentsException(string kind, IReadOnlyList<string> faults)
    : Exception($"This {kind} job cannot be accepted: {string.Join("; ", faults)}.")
{
    /// <summary>What is wrong, each as <c>field: what is wrong</c>.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
