using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;

namespace HrNetBatch.Kinds;

/// <summary>The table of kinds. A new one is a folder with its arguments and its handler, and a line here; CONTRIBUTING.md says how.</summary>
public static class KindTable
{
    /// <summary>Every kind of this project.</summary>
    public static JobKinds Default { get; } = new(
        HandledKind.Of<TrainArguments, TrainHandler>(),
        HandledKind.Of<ValidateArguments, ValidateHandler>(),
        HandledKind.Of<ClassifyArguments, ClassifyHandler>(),
        HandledKind.Of<ExportArguments, ExportHandler>());
}
