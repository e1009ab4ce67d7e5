using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>What training needs of a sample: the encoded image and the class.</summary>
/// <param name="Image">Encoded image.</param>
/// <param name="Label">Class index; -1: none.</param>
internal readonly record struct LabeledImage(byte[] Image, long Label)
{
    /// <summary>The label of a sample without one.</summary>
    public const long NoLabel = -1;

    /// <summary>The member that holds the class as ASCII digits.</summary>
    public const string ClassExtension = "cls";

    /// <summary>The members and files that are images.</summary>
    public static IReadOnlyList<string> Extensions => ImageDecoder.Extensions;

    private const int LongestShown = 40;

    private static readonly string[] JsonLabelNames = ["label", "cls"];

    /// <summary>Whether a file's name is that of an image.</summary>
    public static bool IsImage(string name) =>
        Extensions.Contains(name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant()) && !name[(name.LastIndexOf('/') + 1)..].StartsWith('.');

    /// <summary>Takes image and label out of a sample, or says why that is impossible; of a sample that needs no label, also why it has none.</summary>
    public static bool TryRead(Sample sample, bool requiresLabel, out LabeledImage image, out string reason)
    {
        image = default;
        byte[]? encoded = Extensions.Select(extension => sample.Members.GetValueOrDefault(extension)).FirstOrDefault(content => content is not null);
        if (encoded is null)
        {
            reason = $"no image: {string.Join(", ", Extensions)} are known, the sample has {string.Join(", ", sample.Members.Keys)}";
            return false;
        }
        long label = ReadLabel(sample, out _) is >= 0 and { } read ? read : NoLabel;
        reason = label == NoLabel ? $"no label: {LabelFault(sample)}" : "";
        if (requiresLabel && label == NoLabel)
            return false;
        image = new LabeledImage(encoded, label);
        return true;
    }

    /// <summary>Why a sample has no label.</summary>
    public static string LabelFault(Sample sample)
    {
        ReadLabel(sample, out string fault);
        return sample.LabelFault ?? fault;
    }

    /// <summary>The bytes of a cls member.</summary>
    public static byte[] FormatClass(long label) => Encoding.ASCII.GetBytes(label.ToString(CultureInfo.InvariantCulture));

    /// <summary>What stands where a number should, in quotes, cut where it is long.</summary>
    public static string Shown(ReadOnlySpan<byte> text) =>
        text.IsEmpty ? "nothing" : $"'{ForeignText.Printable(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * LongestShown)]), LongestShown)}'";

    private static long? ReadLabel(Sample sample, out string fault)
    {
        fault = "a member cls with a whole number is needed, or json with a number, {\"label\": n} or {\"cls\": n}";
        if (!sample.Members.TryGetValue(ClassExtension, out byte[]? digits))
            return sample.Members.TryGetValue("json", out byte[]? json) ? ReadJson(json, out fault) : null;
        ReadOnlySpan<byte> trimmed = digits.AsSpan().Trim(" \t\r\n"u8);
        fault = $"its member cls holds {Shown(trimmed)}, and a whole number from 0 on is needed";
        return Utf8Parser.TryParse(trimmed, out long label, out int used) && used == trimmed.Length ? label : null;
    }

    private static long? ReadJson(byte[] json, out string fault)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
            {
                JsonElement[] values = [.. JsonLabelNames.Where(name => document.RootElement.TryGetProperty(name, out _)).Select(name => document.RootElement.GetProperty(name))];
                root = values.Where(value => value.ValueKind == JsonValueKind.Number).Concat(values).FirstOrDefault();
            }
            fault = root.ValueKind == JsonValueKind.Undefined ? "its member json has neither label nor cls"
                : $"its member json says {Shown(Encoding.UTF8.GetBytes(root.GetRawText()))}, and a whole number from 0 on is needed";
            return root.ValueKind == JsonValueKind.Number && root.TryGetInt64(out long label) ? label : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter of text that is no UTF-8
        {
            fault = $"its member json cannot be read: {JsonFault.Of(e)}";
            return null;
        }
    }
}
