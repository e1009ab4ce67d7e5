namespace HrNetBatch.Cli;

/// <summary>Something only the user can change; the message says what and how.</summary>
/// <param name="message">What is wrong and what to do next.</param>
/// <param name="exitCode">1: what was asked failed; 2: what was asked makes no sense.</param>
internal sealed class UserException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>Exit code of a request that makes no sense.</summary>
    public const int WrongRequest = 2;

    /// <summary>The program's exit code.</summary>
    public int ExitCode { get; } = exitCode;
}
