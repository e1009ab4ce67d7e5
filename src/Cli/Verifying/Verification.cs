namespace HrNetBatch.Cli.Verifying;

/// <summary>What an audit of a job's result found. Sound where nothing was wrong.</summary>
internal sealed class Verification
{
    private const int NamedCount = 20;

    private readonly List<string> _findings = [];

    /// <summary>How many things are wrong.</summary>
    public long FindingCount { get; private set; }

    /// <summary>What is wrong, each with the blob it is about; the first of them where they are many.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>What was checked and holds, with its numbers.</summary>
    public List<string> Facts { get; } = [];

    /// <summary>What changed since the job ended, which no audit can hold against it.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Whether the result is what the job promises.</summary>
    public bool IsSound => FindingCount == 0;

    /// <summary>Something is wrong.</summary>
    public void Find(string what)
    {
        FindingCount++;
        if (_findings.Count < NamedCount) _findings.Add(what);
    }

    /// <summary>Two things that must be equal.</summary>
    public void Expect<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) Find($"{what}: {actual} instead of {expected}");
    }
}
