using System.Globalization;
using System.Text.Json;

namespace HrNetBatch.Model.Evaluation;

/// <summary>
/// All right answers for each image, in the manner of ReaL (Beyer et al. 2020, Are we done with ImageNet?): a JSON array whose element N−1 belongs
/// to the image whose key ends in the number N, as ILSVRC2012_val_00000001 does, or a JSON object by key. An image with no answer is not judged.
/// </summary>
public sealed class MultiLabels
{
    private readonly string _name;
    private readonly long[][]? _byNumber;
    private readonly Dictionary<string, long[]>? _byKey;

    private MultiLabels(string name, long[][]? byNumber, Dictionary<string, long[]>? byKey) => (_name, _byNumber, _byKey) = (name, byNumber, byKey);

    /// <summary>Reads the answers.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="EvaluationException">It is no such JSON; the message says how it must look.</exception>
    public static MultiLabels Read(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Array => new MultiLabels(name, [.. document.RootElement.EnumerateArray().Select(Answers)], null),
                JsonValueKind.Object => new MultiLabels(name, null, Keyed(document.RootElement)),
                _ => throw new FormatException($"it is a {document.RootElement.ValueKind}"),
            };
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw new EvaluationException(
                $"{name} holds no labels: {error.Message}. Needed is [[3], [1, 7], [], …] in the order of the images' numbers, or {{\"key\": [3], …}}.", error);
        }
    }

    /// <summary>The right answers for an image; empty where it is not judged.</summary>
    /// <param name="key">The sample's key.</param>
    /// <exception cref="EvaluationException">The answers are in an array, and the key does not end in a number of theirs.</exception>
    public IReadOnlyList<long> For(string key)
    {
        string fileName = key[(key.LastIndexOf('/') + 1)..];
        if (_byKey is not null)
            return _byKey.GetValueOrDefault(key) ?? _byKey.GetValueOrDefault(fileName) ?? [];
        string digits = fileName[(fileName.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1)..];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= _byNumber!.Length
            ? _byNumber[number - 1]
            : throw new EvaluationException(
                $"{_name} numbers its {_byNumber!.Length} images from 1, and the key '{key}' does not end in such a number. Give the labels by key: {{\"{fileName}\": [3], …}}.");
    }

    private static Dictionary<string, long[]> Keyed(JsonElement root)
    {
        var answers = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (JsonProperty image in root.EnumerateObject())
            answers[image.Name] = Answers(image.Value);
        return answers;
    }

    private static long[] Answers(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().Select(Class)],
        JsonValueKind.Number => [Class(value)],
        _ => throw new FormatException($"a list of classes is needed, not {value.GetRawText()}"),
    };

    private static long Class(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long index) && index >= 0 ? index : throw new FormatException($"a class index is needed, not {value.GetRawText()}");
}

/// <summary>How a network does where several answers are right.</summary>
/// <param name="Top1">Share of the judged images whose most probable class is a right answer, 0 to 1.</param>
/// <param name="Top5">Share of those with a right answer among the five most probable classes.</param>
/// <param name="Count">Images judged: those with at least one right answer.</param>
public sealed record MultiLabelAccuracy(double Top1, double Top5, long Count);
