using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Worker.Protocol;

/// <summary>A message as one line of text.</summary>
internal static class MessageLine
{
    /// <summary>The line, without its end.</summary>
    public static string Format(Message message) => JsonSerializer.Serialize(message, JobJson.Options);

    /// <summary>The message, or null for a line that is none.</summary>
    public static Message? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Message>(line, JobJson.Options);
        }
        catch (Exception malformed) when (malformed is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
