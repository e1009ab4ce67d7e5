using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Model.Tests.Architecture;

/// <summary>Networks beyond the nine, small ones.</summary>
internal static class CustomArchitecture
{
    /// <summary>No two branches alike, and every width but one changes from stage to stage: branches above the lowest change theirs too.</summary>
    public static HrNetArchitecture Uneven { get; } = new(
        new HrNetStage1(2, 8),
        new HrNetStage(2, [1, 2], [32, 20]), // as wide as what comes from stage 1: nothing leads there
        new HrNetStage(1, [2, 1, 1], [10, 28, 40]),
        new HrNetStage(1, [1, 1, 2, 1], [12, 28, 48, 56]));
}
