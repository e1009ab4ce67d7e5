using System.Globalization;

namespace HrNetBatch.Model.Evaluation;

/// <summary>The line that validate() of the original's lib/core/function.py logs, so that its logs and ours are read by the same scripts.</summary>
public static class MeterLine
{
    /// <summary>Test: Time … Loss … Error@1 … Error@5 … Accuracy@1 … Accuracy@5 …, separated by tabs: seconds a batch, mean cross entropy, per cent.</summary>
    public static string Of(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        EvaluationResult result = report.Result;
        double secondsPerBatch = report.Duration.TotalSeconds / report.BatchCount;
        return string.Create(CultureInfo.InvariantCulture,
            $"Test: Time {secondsPerBatch:F3}\tLoss {result.Loss:F4}\tError@1 {100 * result.Error1:F3}\tError@5 {100 * result.Error5:F3}\tAccuracy@1 {100 * result.Top1:F3}\tAccuracy@5 {100 * result.Top5:F3}\t");
    }
}
