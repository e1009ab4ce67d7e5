using System.Text;
using Amqp.Sasl;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Protocol.Security;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>
/// The beginning of a connection: SASL, then AMQP. Nothing is sent ahead: the JavaScript SDK leaves bytes unread that come together
/// with the outcome of SASL.
/// </summary>
internal sealed class Handshake(FrameReader reader, FrameWriter writer, SharedAccessKey key)
{
    private const byte AmqpProtocol = 0, SaslProtocol = 3;

    private static readonly Symbol[] Mechanisms = ["MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL"];

    /// <summary>Agrees on the protocols.</summary>
    /// <returns>Whether the client goes on; and whether it has shown the key already (SASL PLAIN).</returns>
    public async Task<(bool GoesOn, bool IsAuthorized)> RunAsync(CancellationToken cancellationToken)
    {
        bool isAuthorized = false;
        byte? protocol = await reader.ReadProtocolAsync(cancellationToken);
        if (protocol == SaslProtocol)
        {
            writer.WriteProtocol(SaslProtocol);
            writer.Write(Frame.Sasl, 0, new SaslMechanisms { SaslServerMechanisms = Mechanisms });
            if (await reader.ReadFrameAsync(cancellationToken) is not { Type: Frame.Sasl } frame) return (false, false);
            if (Performatives.Read(frame.Body, out _) is not SaslInit init)
                throw new WireException(WireException.FramingError, "Expected the choice of a SASL mechanism.");
            bool isPlain = (string)init.Mechanism == "PLAIN";
            isAuthorized = isPlain && IsKey(init.InitialResponse);
            SaslCode code = isPlain && !isAuthorized ? SaslCode.Auth : SaslCode.Ok;
            writer.Write(Frame.Sasl, 0, new SaslOutcome { Code = code });
            if (code != SaslCode.Ok) return (false, false);
            protocol = await reader.ReadProtocolAsync(cancellationToken);
        }
        if (protocol is null) return (false, false);
        writer.WriteProtocol(AmqpProtocol);
        return protocol == AmqpProtocol ? (true, isAuthorized)
            : throw new WireException(WireException.FramingError, $"Protocol {protocol} is not spoken here: SASL and AMQP are; TLS has a port of its own.");
    }

    // authorization identity NUL key name NUL key
    private bool IsKey(byte[]? response) =>
        Encoding.UTF8.GetString(response ?? []).Split('\0') is [_, var name, var secret] && key.Matches(name, secret);
}
