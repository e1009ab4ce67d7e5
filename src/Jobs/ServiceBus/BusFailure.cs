using System.Net.Sockets;
using System.Security.Authentication;
using Azure.Identity;
using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>What an exception of the SDK means, in words that people can act on.</summary>
internal static class BusFailure
{
    /// <summary>What callers are told; null when it is no failure of Service Bus, or they are told already.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="doing">What was tried, such as <c>Sending to "jobs"</c>.</param>
    /// <param name="endpoint">Where.</param>
    public static MessageBusException? Of(Exception exception, string doing, Func<string> endpoint) => exception switch
    {
        MessageBusException or ObjectDisposedException => null,
        _ when TlsFault(exception) is { } fault => new(
            $"{doing} at {endpoint()}: no TLS ({FirstLine(fault)}). Name the broker's certificate in {ServiceBusOptions.Section}:CertificateFile, "
            + "or, for a broker without TLS, add UseDevelopmentEmulator=true to the connection string.", isTransient: true, exception),
        ServiceBusException { Reason: ServiceBusFailureReason.ServiceCommunicationProblem or ServiceBusFailureReason.ServiceTimeout } => Silent(exception, doing, endpoint),
        ServiceBusException known => OfReason(known, $"{doing} at {endpoint()}: {FirstLine(known)}"),
        UnauthorizedAccessException => new(
            $"{doing} at {endpoint()}: {FirstLine(exception)} Correct the key in {ServiceBusOptions.Section}:ConnectionString, "
            + "or give this identity the role Azure Service Bus Data Owner.", isTransient: false, exception),
        AuthenticationFailedException => new(
            $"{doing} at {endpoint()}: no token of Entra ID ({FirstLine(exception)}). Sign in (`az login`) or give this machine an identity.",
            isTransient: true, exception),
        SocketException or IOException or TimeoutException or OperationCanceledException => Silent(exception, doing, endpoint),
        InvalidOperationException or NotSupportedException or ArgumentException => new(
            $"{doing} at {endpoint()}: {FirstLine(exception)}", isTransient: false, exception),
        _ => null,
    };

    /// <summary>Whether a receive or a look may have failed because of what is in a message. The SDK has no reason of its own for that.</summary>
    public static bool IsUndecodable(Exception exception) => exception
        is ServiceBusException { Reason: ServiceBusFailureReason.GeneralError }
        or FormatException or InvalidCastException or ArgumentException or IndexOutOfRangeException or NullReferenceException or OverflowException;

    /// <summary>The first line of an exception's message: the SDK has whole stack traces after it, and where to read more.</summary>
    public static string FirstLine(Exception exception)
    {
        string line = exception.Message.Split('\n', 2)[0];
        if (exception is ServiceBusException known) line = line.Split($" ({known.Reason})", 2)[0];
        line = line.Trim();
        return line.EndsWith('.') ? line : line + ".";
    }

    private static MessageBusException OfReason(ServiceBusException exception, string why) => exception.Reason switch
    {
        ServiceBusFailureReason.MessageLockLost => new MessageLockLostException($"{why} The message comes again.", exception),
        ServiceBusFailureReason.ServiceBusy => new MessageBusException($"{why} The namespace is busy; scale it up if it stays so.", isTransient: true, exception),
        ServiceBusFailureReason.MessagingEntityNotFound or ServiceBusFailureReason.MessagingEntityDisabled => new MessageBusException(
            $"{why} Create or enable the entity, or correct its name in {ServiceBusOptions.Section}.", isTransient: false, exception),
        ServiceBusFailureReason.MessageSizeExceeded => new MessageBusException($"{why} Send less in one message.", isTransient: false, exception),
        ServiceBusFailureReason.QuotaExceeded => new MessageBusException($"{why} Take messages out of the entity, or give it a larger size.", isTransient: true, exception),
        _ => new MessageBusException(why, exception.IsTransient, exception),
    };

    private static MessageBusException Silent(Exception exception, string doing, Func<string> endpoint) => new(
        $"{doing}: {endpoint()} does not answer ({FirstLine(exception)}). Start the broker (`hrnet up` does), or correct {ServiceBusOptions.Section}.",
        isTransient: true, exception);

    private static AuthenticationException? TlsFault(Exception? exception) =>
        exception is null or AuthenticationException ? exception as AuthenticationException : TlsFault(exception.InnerException);
}
