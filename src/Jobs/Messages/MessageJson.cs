using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace HrNetBatch.Jobs.Messages;

/// <summary>Decodes a message's body as JSON whose every text can be read and stored.</summary>
internal static class MessageJson
{
    /// <summary>The decoded body.</summary>
    /// <param name="bytes">The body.</param>
    /// <param name="name">What a refusal calls it.</param>
    /// <exception cref="RefusedMessageException">It cannot be decoded.</exception>
    public static JsonElement Decode(ReadOnlyMemory<byte>? bytes, string name = "body")
    {
        if (bytes is not { } body)
            throw new RefusedMessageException(JobMessageRefusal.UndecodableBody, "body: is an AMQP value or sequence; the JSON is needed as bytes (an AMQP data section)");
        if (body.Length > JobMessage.MaximumBodyBytes)
        {
            throw new RefusedMessageException(JobMessageRefusal.BodyTooLarge, string.Create(CultureInfo.InvariantCulture,
                $"{name}: has {body.Length:N0} bytes; at most {JobMessage.MaximumBodyBytes:N0} are accepted. Put lists into blobs and name those"));
        }

        body = OldSdkBody.Unwrap(body);
        if (body.Span.StartsWith("\uFEFF"u8))
            body = body[3..];
        if (!Utf8.IsValid(body.Span))
        {
            bool isUtf16 = body.Span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || body.Span.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]);
            throw new RefusedMessageException(JobMessageRefusal.UndecodableBody, isUtf16
                ? $"{name}: is UTF-16; send the JSON in UTF-8"
                : $"{name}: is not UTF-8; send the JSON as its UTF-8 bytes, not compressed and not in a format of a language's own");
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            CheckText(document.RootElement, name);
            return PlainJson.WithWholeNumbers(document.RootElement.Clone());
        }
        catch (JsonException exception)
        {
            throw new RefusedMessageException(JobMessageRefusal.UndecodableBody, $"{name}: is no JSON: {JsonFault.Of(exception)}");
        }
    }

    private static void CheckText(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                CheckText(() => value.GetString()!, path);
                break;
            case JsonValueKind.Array:
                int place = 0;
                foreach (JsonElement item in value.EnumerateArray())
                    CheckText(item, $"{path}[{place++}]");
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty field in value.EnumerateObject())
                    CheckText(field.Value, $"{path}.{CheckText(() => field.Name, path)}");
                break;
        }
    }

    // JSON's escapes can write two things that are valid in it and that PostgreSQL's jsonb refuses.
    private static string CheckText(Func<string> read, string path)
    {
        string text;
        try
        {
            text = read();
        }
        catch (InvalidOperationException)
        {
            throw new RefusedMessageException(JobMessageRefusal.UndecodableBody, $"{path}: holds half a surrogate pair, which is no text");
        }

        return text.Contains('\0', StringComparison.Ordinal)
            ? throw new RefusedMessageException(JobMessageRefusal.InvalidFields, $"{path}: holds the character U+0000, which the ledger cannot store")
            : text;
    }
}
