namespace HrNetBatch.Kinds.Validate;

/// <summary>What a finished validate job found; followers take its fields by name. Shares are from 0 to 1, and what is no number is null.</summary>
/// <param name="Checkpoint">The checkpoint that was measured, for a model its exact version, so that a chain of jobs goes on with the same.</param>
/// <param name="Loss">Mean cross entropy.</param>
/// <param name="Top1">Share of images whose label had the highest probability.</param>
/// <param name="Top5">Share of images whose label was among the five highest.</param>
/// <param name="Count">Images measured.</param>
public sealed record ValidateResult(string Checkpoint, double? Loss, double Top1, double Top5, long Count)
{
    /// <summary>Expected calibration error.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Share of the images judged by the multi-labels whose most probable class is a right answer; null without them.</summary>
    public double? RealTop1 { get; init; }

    /// <summary>Images a second.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>What of the data was not read, and why; null where all was.</summary>
    public IReadOnlyList<string>? LeftOut { get; init; }

    /// <summary>The checkpoint's class for each class of the data, by name, where the data have them in another order or lack some; null: the same numbers.</summary>
    public IReadOnlyDictionary<string, int>? ClassIndices { get; init; }

    /// <summary>The report's blob; null where no files were asked for.</summary>
    public string? Report { get; init; }
}
