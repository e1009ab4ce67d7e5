namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>The peer broke the rules of AMQP: the connection ends with this error.</summary>
internal sealed class WireException(string condition, string message, Exception? cause = null) : Exception(message, cause)
{
    public const string FramingError = "amqp:connection:framing-error", DecodeError = "amqp:decode-error", NotAllowed = "amqp:not-allowed";

    public string Condition { get; } = condition;
}
