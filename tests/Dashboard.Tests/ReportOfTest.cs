using HrNetBatch.Jobs.Runs;

namespace HrNetBatch.Dashboard.Tests;

/// <summary>A report with believable numbers.</summary>
internal static class ReportOfTest
{
    private static readonly string[] Names = ["smileys", "people", "animals", "food", "travel", "activities", "objects", "symbols", "flags"];

    /// <summary>Nine classes, 900 images, 78 % right, and six mistakes.</summary>
    public static ValidationReport Of(Guid job, string? output, IReadOnlyList<string>? labels = null, int classCount = 9)
    {
        labels ??= [.. Enumerable.Range(0, classCount).Select(i => i < Names.Length ? Names[i] : $"class {i}")];
        ConfusionRow[] confusion = [.. Enumerable.Range(0, classCount).SelectMany(i => new[]
        {
            new ConfusionRow(i, i, 60 + 4 * (i % 9)), new ConfusionRow(i, (i + 1) % classCount, 25 - 2 * (i % 9)), new ConfusionRow(i, (i + 3) % classCount, 15 - 2 * (i % 9) / 2),
        })];
        long right = confusion.Where(cell => cell.Label == cell.Predicted).Sum(cell => cell.Count), count = confusion.Sum(cell => cell.Count);
        double top1 = (double)right / count;
        return new ValidationReport
        {
            Job = job,
            Checkpoint = "model:emoji@3",
            Data = "blob://local/data/val/",
            ImageSize = 64,
            CropFraction = 0.875,
            Count = count,
            Loss = 0.713,
            Top1 = top1,
            Top5 = 0.962,
            Error1 = 1 - top1,
            Error5 = 0.038,
            CalibrationError = 0.043,
            Seconds = 3.2,
            ImagesPerSecond = 281.3,
            Device = "cpu",
            ThreadCount = 2,
            Output = output,
            Calibration = [.. Enumerable.Range(0, 15).Select(i => new CalibrationRow(i / 15.0, (i + 1) / 15.0, 20 + i * i, (i + 0.5) / 15, Math.Max(0, (i - 0.7) / 15)))],
            Classes = [.. Enumerable.Range(0, classCount).Select(i => new ClassRow(i, labels[i], 100, (60 + 4 * (i % 9)) / 100.0, 0.95, 0.8, 100, (i + 1) % classCount, 25 - 2 * (i % 9)))],
            Confusion = confusion,
            Mistakes = [.. Enumerable.Range(0, 6).Select(i => new MistakeRow("val-000.tar", $"twitter/{i:0000}-face", i, (i + 1) % classCount, 0.99 - i * 0.03, 6 - i * 0.4, output is null ? null : $"mistakes/{i + 1:0000}.png"))],
        };
    }
}
