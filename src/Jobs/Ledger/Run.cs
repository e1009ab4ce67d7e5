
namespace HrNetBatch.Jobs.Ledger;

/// <summary>A train or validate job, with what tells it from others.</summary>
/// <param name="Job">The job.</param>
/// <param name="Tags">What people call it, in order.</param>
/// <param name="Best">Its best validation; null without one.</param>
/// <param name="LastStep">The last step with a point of <c>train_loss</c>; null where nothing was trained.</param>
/// <param name="TrainLoss">That point's loss, which is NaN for a run that diverged.</param>
public sealed record Run(Job Job, IReadOnlyList<string> Tags, BestValidation? Best, long? LastStep, double? TrainLoss)
{
    /// <summary>The kinds whose jobs are runs; the index jobs_runs, which lists them, is for these.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["train", "validate"];
}

/// <summary>The validation of a run with the highest top-1; of equal ones the first.</summary>
/// <param name="Step">The optimizer steps made before.</param>
/// <param name="Top1">Share of images recognised, 0 to 1.</param>
/// <param name="Top5">Share with their class among the five most probable.</param>
/// <param name="Loss">Mean cross entropy.</param>
/// <param name="CalibrationError">Expected calibration error.</param>
public sealed record BestValidation(long Step, double Top1, double? Top5, double? Loss, double? CalibrationError);
