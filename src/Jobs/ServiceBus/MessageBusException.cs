namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>Service Bus did not do what was asked; the message says what, where, and what to do next.</summary>
/// <param name="message">What failed, for which entity, and what to do.</param>
/// <param name="isTransient">Whether trying again can help without anybody changing anything.</param>
/// <param name="inner">The cause, for the log.</param>
public class MessageBusException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether trying again can help without anybody changing anything.</summary>
    public bool IsTransient { get; } = isTransient;
}

/// <summary>The hold on a message ran out before it was settled: the broker delivers it again.</summary>
/// <param name="message">Which message.</param>
/// <param name="inner">The cause, for the log.</param>
public sealed class MessageLockLostException(string message, Exception? inner = null) : MessageBusException(message, isTransient: true, inner);
