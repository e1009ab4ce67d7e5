namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>Why the broker refuses a request.</summary>
public enum Refusal
{
    /// <summary>The message is no longer held under this lock token.</summary>
    MessageLockLost,

    /// <summary>The session is no longer held by this receiver.</summary>
    SessionLockLost,

    /// <summary>Another receiver holds the session.</summary>
    SessionCannotBeLocked,

    /// <summary>No message has this number, or it is not in the state that the request needs.</summary>
    MessageNotFound,

    /// <summary>No entity or rule has this name.</summary>
    EntityNotFound,

    /// <summary>There is an entity or rule of this name already.</summary>
    EntityExists,

    /// <summary>The status of the entity forbids it.</summary>
    EntityDisabled,

    /// <summary>The entity is full.</summary>
    QuotaExceeded,

    /// <summary>The entity does not do this.</summary>
    NotAllowed,

    /// <summary>The broker does not do this at all.</summary>
    NotImplemented,

    /// <summary>The request is not well formed.</summary>
    InvalidArgument,

    /// <summary>The connection has shown no valid token for the entity.</summary>
    Unauthorized,

    /// <summary>The message is larger than the broker takes.</summary>
    MessageTooLarge,

    /// <summary>What was asked for did not come in time.</summary>
    TimedOut,

    /// <summary>The broker has too much to do: ask again later.</summary>
    ServerBusy,

    /// <summary>The connection has no such transaction: it was never declared, or it is over.</summary>
    TransactionUnknown,

    /// <summary>The transaction was not done by its end.</summary>
    TransactionTimedOut,
}

/// <summary>A request that the broker refuses, with a reason that the client is told.</summary>
public sealed class BrokerException(Refusal reason, string message) : Exception(message)
{
    /// <summary>Why it is refused.</summary>
    public Refusal Reason { get; } = reason;
}
