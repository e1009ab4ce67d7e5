namespace HrNetBatch.Model.Evaluation;

/// <summary>How a network does on one class.</summary>
/// <param name="Class">Index of the class.</param>
/// <param name="Count">Images of it.</param>
/// <param name="Top1Count">Those that were taken for it.</param>
/// <param name="Top5Count">Those for which it was among the five most probable.</param>
/// <param name="PredictedCount">Images of any class that were taken for it.</param>
public sealed record ClassAccuracy(int Class, long Count, long Top1Count, long Top5Count, long PredictedCount)
{
    /// <summary>Share of its images that were recognised (recall), 0 to 1; null where there are none.</summary>
    public double? Top1 => Count > 0 ? (double)Top1Count / Count : null;

    /// <summary>Share of its images for which it was among the five most probable; null where there are none.</summary>
    public double? Top5 => Count > 0 ? (double)Top5Count / Count : null;

    /// <summary>Share of the images taken for it that were of it; null where none was.</summary>
    public double? Precision => PredictedCount > 0 ? (double)Top1Count / PredictedCount : null;
}
