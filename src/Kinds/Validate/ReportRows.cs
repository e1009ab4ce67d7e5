using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Kinds.Validate;

/// <summary>Makes a <see cref="ValidationReport"/> of what the evaluation counted.</summary>
internal static class ReportRows
{
    /// <summary>What an attempt found; <see cref="ValidationReport.Data"/>, <see cref="ValidationReport.Output"/> and what else its arguments say is put in by the caller.</summary>
    public static ValidationReport Report(
        EvaluationReport found, AttemptContext attempt, BatchLoaderOptions loading, string checkpoint, IReadOnlyList<string>? labels) => new()
        {
            Job = attempt.Lease.JobId,
            Checkpoint = checkpoint,
            ImageSize = loading.ImageSize,
            CropFraction = loading.CropRatio,
            Count = found.Result.Count,
            Loss = found.Result.Loss,
            Top1 = found.Result.Top1,
            Top5 = found.Result.Top5,
            Error1 = found.Result.Error1,
            Error5 = found.Result.Error5,
            CalibrationError = found.Calibration.Error,
            RealTop1 = found.MultiLabels?.Top1,
            RealTop5 = found.MultiLabels?.Top5,
            RealCount = found.MultiLabels?.Count,
            Seconds = found.Duration.TotalSeconds,
            ImagesPerSecond = found.ImagesPerSecond,
            Device = attempt.Device,
            ThreadCount = attempt.ThreadCount,
            Calibration = [.. found.Calibration.Bins.Select(bin => new CalibrationRow(bin.From, bin.To, bin.Count, bin.Confidence, bin.Accuracy))],
            Classes = Classes(found, labels),
            Confusion = [.. found.Confusion.Cells.Select(cell => new ConfusionRow(cell.Label, cell.Predicted, cell.Count))],
            Mistakes = Mistakes(found, hasFiles: loading.KeepsEncodedImages),
        };

    /// <summary>A row for each class.</summary>
    /// <param name="report">What was counted.</param>
    /// <param name="labels">Names by index; null where nobody knows.</param>
    public static IReadOnlyList<ClassRow> Classes(EvaluationReport report, IReadOnlyList<string>? labels)
    {
        Dictionary<int, ConfusionCell> worst = report.Confusion.Cells
            .Where(cell => cell.Label != cell.Predicted)
            .GroupBy(cell => cell.Label)
            .ToDictionary(row => row.Key, row => row.MaxBy(cell => cell.Count));
        return [.. report.Classes.Select(one =>
        {
            bool isMistaken = worst.TryGetValue(one.Class, out ConfusionCell cell);
            return new ClassRow(
                one.Class, labels is not null && one.Class < labels.Count ? labels[one.Class] : null, one.Count, one.Top1, one.Top5, one.Precision,
                one.PredictedCount, isMistaken ? cell.Predicted : null, isMistaken ? cell.Count : 0);
        })];
    }

    /// <summary>A row for each mistake; the file name is that of its image, whether or not it will be written.</summary>
    public static IReadOnlyList<MistakeRow> Mistakes(EvaluationReport report, bool hasFiles) =>
        [.. report.Mistakes.Select((mistake, i) => new MistakeRow(
            mistake.Sample.Shard, mistake.Sample.Key, mistake.Label, mistake.Predicted, mistake.Confidence, mistake.Loss,
            hasFiles && mistake.Image is { } image ? FileName(i, image) : null))];

    /// <summary><c>mistakes/0001.jpg</c>: numbered, because keys may be anything.</summary>
    private static string FileName(int i, ReadOnlySpan<byte> image) => $"mistakes/{i + 1:0000}.{ImageDecoder.ExtensionOf(image) ?? "image"}";
}
