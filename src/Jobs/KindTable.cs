using HrNetBatch.Jobs.Classify;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Jobs.Export;
using HrNetBatch.Jobs.Train;
using HrNetBatch.Jobs.Validate;

namespace HrNetBatch.Jobs;

/// <summary>The table of kinds: a new one is a folder and a line here.</summary>
public static class KindTable
{
    /// <summary>Every kind of this project.</summary>
    public static JobKinds Default { get; } = new(
        HandledKind.Of<TrainArguments, TrainHandler>(),
        HandledKind.Of<ValidateArguments, ValidateHandler>(),
        HandledKind.Of<ClassifyArguments, ClassifyHandler>(),
        HandledKind.Of<ExportArguments, ExportHandler>());
}
