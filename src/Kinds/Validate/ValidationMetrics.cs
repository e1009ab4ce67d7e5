using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Kinds.Validate;

/// <summary>A validation as points of a run's curves; shares are from 0 to 1.</summary>
internal static class ValidationMetrics
{
    /// <summary>The points of one of two networks that a train job validates after the same step, beside those of the better one.</summary>
    /// <param name="which"><c>average</c> or <c>trained</c>.</param>
    /// <param name="report">What was found.</param>
    /// <param name="step">Optimizer steps made.</param>
    public static IReadOnlyCollection<MetricPoint> OfOne(string which, EvaluationReport report, long step) =>
    [
        new($"valid_{which}_loss", step, report.Result.Loss),
        new($"valid_{which}_top1", step, report.Result.Top1),
        new($"valid_{which}_top5", step, report.Result.Top5),
    ];

    /// <summary>The points of a validation after <paramref name="step"/> optimizer steps.</summary>
    public static IReadOnlyCollection<MetricPoint> Of(EvaluationReport report, long step)
    {
        List<MetricPoint> points =
        [
            new("valid_loss", step, report.Result.Loss),
            new("valid_top1", step, report.Result.Top1),
            new("valid_top5", step, report.Result.Top5),
            new("valid_ece", step, report.Calibration.Error),
            new("valid_images_per_second", step, report.ImagesPerSecond),
        ];
        if (report.MultiLabels is { } several)
        {
            points.Add(new MetricPoint("valid_real_top1", step, several.Top1));
            points.Add(new MetricPoint("valid_real_top5", step, several.Top5));
        }
        return points;
    }
}
