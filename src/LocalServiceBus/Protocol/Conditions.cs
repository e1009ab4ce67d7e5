using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>The names and status codes under which Service Bus clients know each refusal.</summary>
internal static class Conditions
{
    public const string InternalError = "amqp:internal-error";

    public static string Of(Refusal reason) => reason switch
    {
        Refusal.MessageLockLost => "com.microsoft:message-lock-lost",
        Refusal.SessionLockLost => "com.microsoft:session-lock-lost",
        Refusal.SessionCannotBeLocked => "com.microsoft:session-cannot-be-locked",
        Refusal.MessageNotFound => "com.microsoft:message-not-found",
        Refusal.EntityNotFound => "amqp:not-found",
        Refusal.EntityExists => "com.microsoft:entity-already-exists",
        Refusal.EntityDisabled => "com.microsoft:entity-disabled",
        Refusal.QuotaExceeded => "amqp:resource-limit-exceeded",
        Refusal.NotAllowed => "amqp:not-allowed",
        Refusal.NotImplemented => "amqp:not-implemented",
        Refusal.InvalidArgument => "com.microsoft:argument-error",
        Refusal.Unauthorized => "amqp:unauthorized-access",
        Refusal.MessageTooLarge => "amqp:link:message-size-exceeded",
        Refusal.TimedOut => "com.microsoft:timeout",
        Refusal.ServerBusy => "com.microsoft:server-busy",
        Refusal.TransactionUnknown => "amqp:transaction:unknown-id",
        Refusal.TransactionTimedOut => "amqp:transaction:timeout",
        _ => InternalError,
    };

    public static int StatusOf(Refusal reason) => reason switch
    {
        Refusal.MessageLockLost or Refusal.SessionLockLost or Refusal.SessionCannotBeLocked => 410,
        Refusal.MessageNotFound or Refusal.EntityNotFound => 404,
        Refusal.EntityExists => 409,
        Refusal.EntityDisabled or Refusal.QuotaExceeded => 403,
        Refusal.NotAllowed => 405,
        Refusal.NotImplemented => 501,
        Refusal.InvalidArgument => 400,
        Refusal.Unauthorized => 401,
        Refusal.MessageTooLarge => 413,
        Refusal.TimedOut => 408,
        Refusal.ServerBusy => 503,
        Refusal.TransactionUnknown or Refusal.TransactionTimedOut => 400,
        _ => 500,
    };
}
