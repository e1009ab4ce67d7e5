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

    private static readonly string[] JsonLabelNames = ["label", "cls"];

    /// <summary>Whether a file's name is that of an image.</summary>
    public static bool IsImage(string name) =>
        Extensions.Contains(name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant()) && !name[(name.LastIndexOf('/') + 1)..].StartsWith('.');

    /// <summary>Takes image and label out of a sample, or says why that is impossible.</summary>
    public static bool TryRead(Sample sample, bool requiresLabel, out LabeledImage image, out string reason)
    {
        image = default;
        byte[]? encoded = Extensions.Select(extension => sample.Members.GetValueOrDefault(extension)).FirstOrDefault(content => content is not null);
        if (encoded is null)
        {
            reason = $"no image: {string.Join(", ", Extensions)} are known, the sample has {string.Join(", ", sample.Members.Keys)}";
            return false;
        }
        long label = ReadLabel(sample) is >= 0 and { } read ? read : NoLabel;
        if (requiresLabel && label == NoLabel)
        {
            reason = "no label: expected a member cls with an ASCII integer, or json with a number, {\"label\": n} or {\"cls\": n}";
            return false;
        }
        (image, reason) = (new LabeledImage(encoded, label), "");
        return true;
    }

    /// <summary>The bytes of a cls member.</summary>
    public static byte[] FormatClass(long label) => Encoding.ASCII.GetBytes(label.ToString(CultureInfo.InvariantCulture));

    private static long? ReadLabel(Sample sample)
    {
        if (sample.Members.TryGetValue(ClassExtension, out byte[]? digits))
        {
            ReadOnlySpan<byte> trimmed = digits.AsSpan().Trim(" \t\r\n"u8);
            return Utf8Parser.TryParse(trimmed, out long label, out int used) && used == trimmed.Length ? label : null;
        }
        return sample.Members.TryGetValue("json", out byte[]? json) ? ReadJson(json) : null;
    }

    private static long? ReadJson(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
                root = JsonLabelNames.Select(name => document.RootElement.TryGetProperty(name, out JsonElement value) ? value : default)
                    .FirstOrDefault(value => value.ValueKind == JsonValueKind.Number);
            return root.ValueKind == JsonValueKind.Number && root.TryGetInt64(out long label) ? label : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter of text that is no UTF-8
        {
            return null;
        }
    }
}
