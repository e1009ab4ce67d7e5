namespace HrNetBatch.Infra.Tests.Images;

/// <summary>An instruction of a Dockerfile, on one line.</summary>
/// <param name="Keyword">COPY, RUN, …</param>
/// <param name="Text">Its arguments.</param>
/// <param name="Line">Its first line, from 1.</param>
internal sealed record Instruction(string Keyword, string Text, int Line)
{
    /// <summary>The words of its arguments that are no flags.</summary>
    public string[] Words => [.. Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => !word.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>A flag's value, as of <c>--from=build</c>; null when it is not there.</summary>
    public string? Flag(string name) =>
        Text.Split(' ').FirstOrDefault(word => word.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];
}
