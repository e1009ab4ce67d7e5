namespace HrNetBatch.Cli.Verifying;

/// <summary>A row of a part, as any other program would read it.</summary>
/// <param name="Name">The blob.</param>
/// <param name="ETag">The version that was classified.</param>
/// <param name="HasClass">Whether it names a class.</param>
/// <param name="Error">Why it names none.</param>
internal readonly record struct PartRow(string Name, string ETag, bool HasClass, string? Error);
