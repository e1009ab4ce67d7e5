using System.Globalization;
using HrNetBatch.Jobs.DataSets;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Train;

/// <summary>Tells the ledger how many of the run's optimizer steps are made. How many there are is known once every shard has been read, or from the arguments.</summary>
internal sealed class TrainProgress(AttemptContext attempt, TrainArguments arguments, ShardSet shards)
{
    /// <summary>Reports where the run stands.</summary>
    public Task ReportAsync(TrainingPosition position, string doing = "training") =>
        attempt.ReportProgressAsync(position.Step, StepCount, string.Create(CultureInfo.InvariantCulture,
            $"{doing}, epoch {Math.Min(position.Epoch + 1, arguments.EpochCount)} of {arguments.EpochCount}"));

    private long? StepCount => ((shards.SampleCount ?? arguments.SampleCount) + arguments.BatchSize - 1) / arguments.BatchSize * arguments.EpochCount;
}
