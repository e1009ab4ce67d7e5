using System.Globalization;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>Tells the ledger how many of the run's optimizer steps are made. How many there are is known from the beginning, or once every shard has been read.</summary>
internal sealed class TrainProgress(AttemptContext attempt, TrainingOptions options, ShardSet shards)
{
    /// <summary>Reports where the run stands.</summary>
    public Task ReportAsync(TrainingPosition position, string doing = "training") =>
        attempt.ReportProgressAsync(position.Step, StepCount, string.Create(CultureInfo.InvariantCulture,
            $"{doing}, epoch {Math.Min(position.Epoch + 1, options.EpochCount)} of {options.EpochCount}"));

    private long? StepCount => (StepsPerEpoch ?? options.StepsPerEpoch) * options.EpochCount;

    private long? StepsPerEpoch => shards.SampleCount is { } count ? EpochSteps.Of(count, options.BatchSize, options.LastBatch) : null;
}
