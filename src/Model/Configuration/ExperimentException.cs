using System.Globalization;

namespace HrNetBatch.Model.Configuration;

/// <summary>A configuration that cannot be followed; the message lists all that is wrong with it, each with its line.</summary>
public sealed class ExperimentException : Exception
{
    /// <summary>How many faults a message lists.</summary>
    internal const int MaximumFaultCount = 50;

    internal ExperimentException(string name, IReadOnlyList<string> faults)
        : this([.. Shown(faults)], name)
    {
    }

    private ExperimentException(IReadOnlyList<string> faults, string name)
        : base(string.Join('\n', [$"The configuration {name} cannot be followed:", .. faults.Select(fault => "  " + fault)])) => Faults = faults;

    /// <summary>What is wrong: file and line or override, key, and what would be right.</summary>
    public IReadOnlyList<string> Faults { get; }

    private static IEnumerable<string> Shown(IReadOnlyList<string> faults)
    {
        foreach (string fault in faults.Take(MaximumFaultCount))
            yield return ForeignText.Printable(fault);
        if (faults.Count > MaximumFaultCount)
            yield return string.Create(CultureInfo.InvariantCulture, $"and {faults.Count - MaximumFaultCount} more");
    }
}
