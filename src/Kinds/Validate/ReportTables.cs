using HrNetBatch.Jobs;
using HrNetBatch.Jobs.Runs;

namespace HrNetBatch.Kinds.Validate;

/// <summary>The tables of a report as CSV, for spreadsheets and data frames.</summary>
internal static class ReportTables
{
    /// <summary>One row a class.</summary>
    public static byte[] Classes(ValidationReport report) => Csv.Of(
        ["index", "label", "count", "top1", "top5", "precision", "predicted_count", "mistaken_for", "mistaken_for_count"],
        report.Classes.Select(one => new object?[]
        {
            one.Index, one.Label, one.Count, one.Top1, one.Top5, one.Precision, one.PredictedCount,
            one.MistakenFor is { } other ? report.NameOf(other) : null, one.MistakenForCount,
        }));

    /// <summary>One row a cell that is not zero.</summary>
    public static byte[] Confusion(ValidationReport report) => Csv.Of(
        ["index", "label", "predicted_index", "predicted_label", "count"],
        report.Confusion.Select(cell => new object?[] { cell.Label, report.NameOf(cell.Label), cell.Predicted, report.NameOf(cell.Predicted), cell.Count }));
}
