namespace HrNetBatch.Cli.Verifying;

/// <summary>A row of a part, as any other program would read it.</summary>
/// <param name="Name">The blob.</param>
/// <param name="ETag">The version that was classified.</param>
/// <param name="Index">Its best class; null where it names none.</param>
/// <param name="Probability">Of that class.</param>
/// <param name="Error">Why it names none.</param>
internal readonly record struct PartRow(string Name, string ETag, int? Index, double? Probability, string? Error)
{
    /// <summary>Whether it names a class.</summary>
    public bool HasClass => Index is not null;

    /// <summary>What no classifier answers, as what follows the row's name; null: nothing.</summary>
    public string? Fault =>
        Index < 0 ? $"names the class {Index}"
        : HasClass && Probability is not (>= 0 and <= 1) ? "has a probability that is none"
        : null;
}
