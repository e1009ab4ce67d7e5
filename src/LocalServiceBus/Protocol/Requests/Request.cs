using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol.Requests;

/// <summary>A request of a client to a node, as a message.</summary>
internal sealed class Request
{
    private readonly Map _properties;

    private Request(Amqp.Message message)
    {
        _properties = message.ApplicationProperties?.Map ?? [];
        (Id, ReplyTo, Body) = (message.Properties?.GetMessageId(), message.Properties?.ReplyTo, message.Body);
    }

    /// <summary>The client's name for the request.</summary>
    public object? Id { get; }

    /// <summary>Where the answer goes.</summary>
    public string? ReplyTo { get; }

    /// <summary>What it carries.</summary>
    public object? Body { get; }

    /// <summary>Reads a request.</summary>
    /// <exception cref="BrokerException">It is not well formed.</exception>
    public static Request Read(byte[] content)
    {
        try
        {
            for (int at = 0; at < content.Length;) at = ValueGuard.Check(content, at);
            return new Request(Amqp.Message.Decode(new ByteBuffer(content, 0, content.Length, content.Length)));
        }
        catch (Exception exception)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
            throw new BrokerException(Refusal.InvalidArgument, $"The request is not a well-formed AMQP message: {exception.Message}");
        }
    }

    /// <summary>An application property; null where it is missing.</summary>
    public string? Property(string name) => _properties[name] as string;

    /// <summary>A field of the body.</summary>
    /// <exception cref="BrokerException">It is missing, or of another type.</exception>
    public T Field<T>(string name) => OptionalField(name) is T value
        ? value
        : throw new BrokerException(Refusal.InvalidArgument, $"The request lacks the field '{name}', or its type is not {typeof(T).Name}.");

    /// <summary>A whole number in the body, of whatever width.</summary>
    /// <exception cref="BrokerException">It is missing, or no number.</exception>
    public long Number(string name) => OptionalField(name) switch
    {
        long number => number,
        int number => number,
        uint number => number,
        _ => throw new BrokerException(Refusal.InvalidArgument, $"The request lacks the number '{name}'."),
    };

    /// <summary>A field of the body; null where it is missing.</summary>
    public object? OptionalField(string name) => (Body as Map)?[name];
}

/// <summary>The answer to a request.</summary>
/// <param name="Properties">Its application properties, the status among them.</param>
/// <param name="Body">What it carries.</param>
internal sealed record Response(IReadOnlyDictionary<string, object> Properties, object? Body)
{
    /// <summary>Encodes the answer to a request.</summary>
    public byte[] Encode(object? requestId)
    {
        var buffer = new ByteBuffer(256, autoGrow: true);
        var properties = new Properties();
        if (requestId is not null) properties.SetCorrelationId(requestId);
        var application = new ApplicationProperties();
        foreach ((string name, object value) in Properties) application.Map[name] = value;
        Encoder.WriteObject(buffer, properties);
        Encoder.WriteObject(buffer, application);
        Encoder.WriteObject(buffer, new AmqpValue { Value = Body });
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }
}
