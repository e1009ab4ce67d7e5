using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Jobs.Validate;

/// <summary>A validation as points of a run's curves; shares are from 0 to 1.</summary>
internal static class ValidationMetrics
{
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
