using System.Net.Sockets;
using System.Security.Authentication;
using Amqp;
using Azure.Identity;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>Why an operation failed, as far as it decides what comes next.</summary>
internal enum FailureCause
{
    /// <summary>The broker said no, and would again.</summary>
    Refused,

    /// <summary>The token was not good, or no longer.</summary>
    Unauthorized,

    /// <summary>The broker asks for patience.</summary>
    Busy,

    /// <summary>The connection or the link broke, or no answer came.</summary>
    Broken,
}

/// <summary>What an exception of the library means, in words that people can act on.</summary>
/// <param name="Cause">What comes next.</param>
/// <param name="Exception">What callers are told.</param>
internal sealed record Failure(FailureCause Cause, ServiceBusException Exception)
{
    /// <summary>Whether a connection ended because this side could not decode what came.</summary>
    public static bool IsUnreadable(Amqp.Framing.Error? error) =>
        error?.Condition?.ToString() is ErrorCode.DecodeError or ErrorCode.InternalError or ErrorCode.FramingError or ErrorCode.InvalidField;

    /// <summary>The meaning of an exception; null when it is none of Service Bus's.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="doing">What was tried, such as <c>Sending to "jobs"</c>.</param>
    /// <param name="endpoint">Where.</param>
    public static Failure? Of(Exception exception, string doing, Endpoint endpoint) => exception switch
    {
        AmqpException amqp => OfCondition(amqp, doing, endpoint),
        ServiceBusException known => new(known.IsTransient ? FailureCause.Broken : FailureCause.Refused, known),
        AuthenticationFailedException => new(FailureCause.Refused, new ServiceBusException(
            $"{doing} at {endpoint}: no token of Entra ID ({FirstLine(exception)}). Sign in (`az login`) or give this machine an identity.", isTransient: true, exception)),
        AuthenticationException => new(FailureCause.Broken, new ServiceBusException(
            $"{doing} at {endpoint}: no TLS ({FirstLine(exception)}). Trust the broker's certificate (SSL_CERT_FILE), or, for a broker without TLS, "
            + "add UseDevelopmentEmulator=true to the connection string.", isTransient: true, exception)),
        SocketException or IOException or TimeoutException or OperationCanceledException or InvalidOperationException => new(FailureCause.Broken, new ServiceBusException(
            $"{doing}: {endpoint} does not answer ({FirstLine(exception)}). Start the broker (`hrnet up` does), or correct {ServiceBusOptions.Section}.", isTransient: true, exception)),
        _ => null,
    };

    private static Failure OfCondition(AmqpException exception, string doing, Endpoint endpoint)
    {
        string condition = exception.Error?.Condition?.ToString() ?? ErrorCode.InternalError;
        string why = $"{doing} at {endpoint}: {FirstLine(exception)}";
        return condition switch
        {
            "com.microsoft:message-lock-lost" => new(FailureCause.Refused, new MessageLockLostException($"{why} The message comes again.", exception)),
            "com.microsoft:server-busy" => new(FailureCause.Busy, new ServiceBusException($"{why} The namespace is busy; scale it up if it stays so.", isTransient: true, exception)),
            "amqp:unauthorized-access" or "com.microsoft:auth-failed" => new(FailureCause.Unauthorized, new ServiceBusException(
                $"{why} Correct the key in {ServiceBusOptions.Section}:ConnectionString, or give this identity the role Azure Service Bus Data Owner.", isTransient: false, exception)),
            "amqp:not-found" or "com.microsoft:entity-disabled" => new(FailureCause.Refused, new ServiceBusException(
                $"{why} Create or enable the entity, or correct its name in {ServiceBusOptions.Section}.", isTransient: false, exception)),
            "amqp:link:message-size-exceeded" => new(FailureCause.Refused, new ServiceBusException($"{why} Send less in one message.", isTransient: false, exception)),
            "amqp:not-allowed" or "amqp:not-implemented" or "com.microsoft:argument-error" or "com.microsoft:message-not-found" =>
                new(FailureCause.Refused, new ServiceBusException(why, isTransient: false, exception)),
            _ => new(FailureCause.Broken, new ServiceBusException(why, isTransient: true, exception)),
        };
    }

    private static string FirstLine(Exception exception)
    {
        string line = exception.Message.Split('\n', 2)[0].Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
