using System.Net.Sockets;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Settings;
using HrNetBatch.LocalStack;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Files;
using HrNetBatch.Model.Labels;
using HrNetBatch.Model.Native;
using Npgsql;

namespace HrNetBatch.Cli;

/// <summary>What an exception means to the person at the terminal: never a stack trace, always a next step.</summary>
internal static class Explanation
{
    /// <summary>The message and the exit code.</summary>
    public static (string Message, int ExitCode) Of(Exception exception) => exception switch
    {
        UserException user => (user.Message, user.ExitCode),
        ExperimentException experiment => (experiment.Message, UserException.WrongRequest),
        JobArgumentsException arguments => (JobOptions.InWordsOfTheCommandLine(arguments), UserException.WrongRequest),
        LocalStackException or BlobException or JobRefusedException or JobException or MessageBusException or CheckpointException or LibTorchException or ShardException or ClassNamesException => (exception.Message, 1),
        _ when SettingsFaults.TryFind(exception, out IReadOnlyList<string>? faults) => (string.Join('\n', faults), 1),
        NpgsqlException { InnerException: SocketException or TimeoutException } => (
            $"The ledger cannot be reached: {exception.Message}. Is the stack running? `hrnet up` starts it.", 1),
        NpgsqlException { InnerException: LedgerSignInException } or PostgresException { SqlState: ['2', '8', ..] or "42501" } => (Sentence(LedgerTrouble.Describe((NpgsqlException)exception)), 1),
        PostgresException postgres => ($"The ledger refused: {postgres.MessageText}.", 1),
        NpgsqlException => ($"The connection to the ledger broke: {exception.Message}. Run the command again.", 1),
        _ when FileFault.Is(exception) => (FileFault.Sentence(exception), 1),
        _ => (
            Environment.GetEnvironmentVariable("HRNET_TRACE") is { Length: > 0 }
                ? exception.ToString()
                : $"{exception.GetType().Name}: {exception.Message} This should not happen; HRNET_TRACE=1 shows where it does.",
            1),
    };

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
