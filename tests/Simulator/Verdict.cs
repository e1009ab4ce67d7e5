namespace HrNetBatch.Simulator;

/// <summary>What a history came to.</summary>
/// <param name="Seed">The seed that makes it again.</param>
/// <param name="Violation">The rule that was broken, and how; null: none.</param>
/// <param name="Steps">What happened, line by line.</param>
/// <param name="Counts">How often each kind of step, fault and operation occurred.</param>
public sealed record Verdict(int Seed, Violation? Violation, IReadOnlyList<string> Steps, IReadOnlyDictionary<string, int> Counts)
{
    /// <summary>The history and the broken rule, for people.</summary>
    public override string ToString() => string.Join('\n', [
        $"History of seed {Seed}, {Steps.Count} lines", .. Steps, Violation is null ? "Every rule held." : $"BROKEN: {Violation.Rule}: {Violation.Text}",
        $"Again: dotnet run --project tests/Simulator -- replay {Seed}"]);
}

/// <summary>A broken rule.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Text">What was found.</param>
public sealed record Violation(string Rule, string Text);

/// <summary>Ends a history.</summary>
internal sealed class ViolationException(string rule, string text) : Exception($"{rule}: {text}")
{
    public Violation Violation => new(rule, text);
}
