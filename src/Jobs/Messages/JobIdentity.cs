using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HrNetBatch.Jobs.Messages;

/// <summary>How job ids follow from what senders know, so that the same message, sent or delivered twice, makes one job.</summary>
public static class JobIdentity
{
    /// <summary>Namespace of the name-based UUIDs, for senders that compute a job's id themselves.</summary>
    public static Guid Namespace { get; } = new("6d1f4a52-9c7b-5e0e-8a35-2f0c61b7d9e4");

    /// <summary>The id of the job that a message with this id asks for: a UUID stands for itself, any other text for its name-based UUID.</summary>
    public static Guid OfMessage(string messageId) =>
        Guid.TryParseExact(messageId, "D", out Guid id) || Guid.TryParseExact(messageId, "N", out id) ? id : OfName(messageId);

    /// <summary>The id of the follower at a place (from 0) in its parent's list.</summary>
    public static Guid OfFollower(Guid parent, int place) => OfName(string.Create(CultureInfo.InvariantCulture, $"{parent}/{place}"));

    /// <summary>Version 5 of RFC 9562: any language's <c>uuid5(namespace, name)</c>.</summary>
    private static Guid OfName(string name)
    {
#pragma warning disable CA5350 // The UUID's standard names SHA-1; nothing rests on its strength.
        Span<byte> id = SHA1.HashData([.. Namespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
#pragma warning restore CA5350
        id[6] = (byte)((id[6] & 0x0F) | 0x50);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new(id, bigEndian: true);
    }
}
