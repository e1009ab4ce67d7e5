namespace HrNetBatch.Worker.Attempts;

/// <summary>The command line that starts an attempt's process.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">Its arguments, the verb <c>attempt</c> among them.</param>
public sealed record AttemptCommand(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>The verb that makes this program the process of one attempt.</summary>
    public const string Verb = "attempt";

    /// <summary>
    /// This very program, however it was started (<c>dotnet X.dll</c>, its own executable, a single file), with the
    /// arguments it was given: the attempt reads the same configuration as its worker.
    /// </summary>
    public static AttemptCommand OfThisProgram(IReadOnlyList<string> arguments)
    {
        string program = Environment.ProcessPath
            ?? throw new InvalidOperationException("The system does not tell the path of this program, so it cannot start attempts.");
        bool startedByDotnet = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string[] assembly = startedByDotnet ? [Environment.GetCommandLineArgs()[0]] : [];
        return new(program, [.. assembly, Verb, .. arguments]);
    }
}
