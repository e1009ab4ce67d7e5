namespace HrNetBatch.Model.Configuration;

/// <summary>A configuration that cannot be followed; the message lists all that is wrong with it, each with its line.</summary>
public sealed class ExperimentException : Exception
{
    internal ExperimentException(string name, IReadOnlyList<string> faults)
        : base(string.Join('\n', [$"The configuration {name} cannot be followed:", .. faults.Select(fault => "  " + fault)])) => Faults = faults;

    /// <summary>What is wrong: file and line or override, key, and what would be right.</summary>
    public IReadOnlyList<string> Faults { get; }
}
