namespace HrNetBatch.Jobs.Validate;

/// <summary>What a finished validate job found; followers take its fields by name.</summary>
/// <param name="Checkpoint">The checkpoint that was measured, for a model its exact version, so that a chain of jobs goes on with the same.</param>
/// <param name="Loss">Mean cross entropy.</param>
/// <param name="Top1">Share of images whose label had the highest probability, 0 to 1.</param>
/// <param name="Top5">Share of images whose label was among the five highest, 0 to 1.</param>
/// <param name="Count">Images measured.</param>
public sealed record ValidateResult(string Checkpoint, double Loss, double Top1, double Top5, long Count);
