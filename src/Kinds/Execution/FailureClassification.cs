using System.Net.Sockets;
using Azure;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Labels;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using Npgsql;

namespace HrNetBatch.Kinds.Execution;

/// <summary>Which exceptions another attempt may mend, and what each becomes.</summary>
public static class FailureClassification
{
    /// <summary>The outcome of an attempt whose handler threw.</summary>
    /// <param name="exception">What it threw.</param>
    /// <param name="stop">Why it had been asked to stop; null when nobody asked.</param>
    public static Outcome OutcomeOf(Exception exception, StopReason? stop) => exception switch
    {
        OperationCanceledException when stop == StopReason.Cancel => new Outcome.Cancelled(),
        OperationCanceledException when stop == StopReason.Interrupt => new Outcome.HandedBack("interrupted before it could save"),
        LeaseLostException => new Outcome.Lost(),
        AggregateException { InnerExceptions: [Exception only] } => OutcomeOf(only, stop),
        _ => new Outcome.Failed(Describe(exception), KindOf(exception)) { Died = exception is OutOfMemoryException },
    };

    /// <summary>Whether trying again can help. What is unknown counts as transient: the retry policy bounds it.</summary>
    public static FailureKind KindOf(Exception exception) => exception switch
    {
        JobException known => known.Kind,
        JobArgumentsException or CheckpointException or LibTorchException or EvaluationException or DivergedException or ClassNamesException => FailureKind.Permanent,
        BlobException blob => blob.IsTransient ? FailureKind.Transient : FailureKind.Permanent,
        ShardException { InnerException: (BlobException or IOException and not EndOfStreamException) and var cause } => KindOf(cause),
        ShardException => FailureKind.Permanent,
        RequestFailedException { Status: 408 or 429 or >= 500 or 0 } => FailureKind.Transient,
        RequestFailedException => FailureKind.Permanent,
        FileNotFoundException or DirectoryNotFoundException => FailureKind.Permanent,
        IOException or SocketException or TimeoutException or OutOfMemoryException => FailureKind.Transient,
        // idle_in_transaction_session_timeout ended the connection: the machine was too busy, not the statement wrong.
        PostgresException { SqlState: "25P03" } => FailureKind.Transient,
        // The trouble of whoever runs this, not of the request: a token or a role that is missing may be there for the next attempt.
        NpgsqlException { InnerException: LedgerSignInException } or PostgresException { SqlState: ['2', '8', ..] } => FailureKind.Transient,
        NpgsqlException database => database.IsTransient ? FailureKind.Transient : FailureKind.Permanent,
        _ => FailureKind.Transient,
    };

    private static string Describe(Exception exception) => exception switch
    {
        JobException or JobArgumentsException or BlobException or ShardException or CheckpointException or LibTorchException or EvaluationException or DivergedException or ClassNamesException
            => exception.Message,
        RequestFailedException storage => $"The blob service answered {storage.Status} {storage.ErrorCode}: {FirstLine(storage.Message)}",
        OutOfMemoryException => "Out of memory. Use a smaller batchSize, or a worker with more memory.",
        _ => $"{exception.GetType().Name}: {FirstLine(exception.Message)}",
    };

    private static string FirstLine(string message) => message.Split('\n', 2)[0].Trim();
}
