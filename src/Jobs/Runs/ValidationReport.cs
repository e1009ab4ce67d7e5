using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Runs;

/// <summary>What a validation found, as <c>report.json</c> and the ledger hold it. Shares are from 0 to 1; what is no number is null.</summary>
public sealed record ValidationReport
{
    /// <summary>The job that measured.</summary>
    public required Guid Job { get; init; }

    /// <summary>What was measured.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>On what.</summary>
    public string Data { get; init; } = "";

    /// <summary>Inside a train job, the optimizer steps made before; null for a validate job.</summary>
    public long? Step { get; init; }

    /// <summary>Side of the square input, pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Crop side over resized short side.</summary>
    public required double CropFraction { get; init; }

    /// <summary>Whether the answers for each image and its mirror image were averaged.</summary>
    public bool FlipAverage { get; init; }

    /// <summary>The answers of <see cref="RealTop1"/>.</summary>
    public string? MultiLabels { get; init; }

    /// <summary>Images measured.</summary>
    public required long Count { get; init; }

    /// <summary>Mean cross entropy.</summary>
    public required double Loss { get; init; }

    /// <summary>Accuracy@1 of the original.</summary>
    public required double Top1 { get; init; }

    /// <summary>Accuracy@5.</summary>
    public required double Top5 { get; init; }

    /// <summary>Error@1.</summary>
    public required double Error1 { get; init; }

    /// <summary>Error@5.</summary>
    public required double Error5 { get; init; }

    /// <summary>Expected calibration error over <see cref="Calibration"/>.</summary>
    public required double CalibrationError { get; init; }

    /// <summary>Share of the images judged by the multi-labels whose most probable class is a right answer; null without them.</summary>
    public double? RealTop1 { get; init; }

    /// <summary>Share of those with a right answer among the five most probable classes.</summary>
    public double? RealTop5 { get; init; }

    /// <summary>How many those are.</summary>
    public long? RealCount { get; init; }

    /// <summary>How long it took, reading and decoding included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Images a second.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Where: <c>cpu</c> or <c>cuda:N</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Processor threads.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>The folder with the files; null where none was asked for.</summary>
    public string? Output { get; init; }

    /// <summary>By probability of the chosen class, fifteen bins.</summary>
    public required IReadOnlyList<CalibrationRow> Calibration { get; init; }

    /// <summary>Every class, by index.</summary>
    public required IReadOnlyList<ClassRow> Classes { get; init; }

    /// <summary>What was taken for what; cells that are zero are left out.</summary>
    public required IReadOnlyList<ConfusionRow> Confusion { get; init; }

    /// <summary>The mistakes with the highest losses, worst first.</summary>
    public required IReadOnlyList<MistakeRow> Mistakes { get; init; }

    /// <summary>How it is written: as everything about a job, and NaN and infinities as null.</summary>
    public static JsonSerializerOptions Json { get; } = new(JobJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,   // what a later version adds
        Converters = { new FiniteOrNull() },
    };

    /// <summary>The report as JSON.</summary>
    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, Json);

    /// <summary>Reads what <see cref="ToJson"/> made.</summary>
    public static ValidationReport Of(JsonElement json) => json.Deserialize<ValidationReport>(Json)!;

    /// <summary>The name of a class: its label, or its index where nobody named it.</summary>
    public string NameOf(int index) => index >= 0 && index < Classes.Count && Classes[index].Label is { } label ? label : $"{index}";

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}

/// <summary>How the network does on one class.</summary>
/// <param name="Index">The class.</param>
/// <param name="Label">Its name; null where nobody named it.</param>
/// <param name="Count">Images of it.</param>
/// <param name="Top1">Share of them that were recognised (recall); null without images.</param>
/// <param name="Top5">Share of them for which it was among the five most probable.</param>
/// <param name="Precision">Share of the images taken for it that were of it; null where none was.</param>
/// <param name="PredictedCount">Images taken for it.</param>
/// <param name="MistakenFor">The class that its images were most often taken for wrongly; null where they never were.</param>
/// <param name="MistakenForCount">How often.</param>
public sealed record ClassRow(
    int Index, string? Label, long Count, double? Top1, double? Top5, double? Precision, long PredictedCount, int? MistakenFor, long MistakenForCount);

/// <summary>One cell of the confusion matrix.</summary>
/// <param name="Label">The images' class.</param>
/// <param name="Predicted">What they were taken for.</param>
/// <param name="Count">How many.</param>
public sealed record ConfusionRow(int Label, int Predicted, long Count);

/// <summary>The answers whose probability lies between two numbers.</summary>
/// <param name="From">Lower edge, exclusive.</param>
/// <param name="To">Upper edge, inclusive.</param>
/// <param name="Count">How many answers.</param>
/// <param name="Confidence">Their mean probability; 0 without answers.</param>
/// <param name="Accuracy">The share of them that was right; 0 without answers.</param>
public sealed record CalibrationRow(double From, double To, long Count, double Confidence, double Accuracy);

/// <summary>An image that was taken for another class.</summary>
/// <param name="Shard">Where it lies.</param>
/// <param name="Key">Its key there.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">What it was taken for.</param>
/// <param name="Confidence">Probability of that.</param>
/// <param name="Loss">Its cross entropy.</param>
/// <param name="Image">The image's file inside the output; null where none was written.</param>
public sealed record MistakeRow(string Shard, string Key, int Label, int Predicted, double Confidence, double Loss, string? Image);
