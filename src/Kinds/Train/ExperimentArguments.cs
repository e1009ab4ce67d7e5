using System.Text.Json;
using System.Text.Json.Nodes;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>A configuration of the original as fields of <see cref="TrainArguments"/>: the network and the recipe, neither data nor output.</summary>
public static class ExperimentArguments
{
    /// <summary>The fields as JSON; of a published network <c>variant</c>, of any other <c>architecture</c>.</summary>
    public static JsonObject Of(ExperimentConfig config)
    {
        HrNetVariant? variant = HrNetVariant.Of(config.Architecture);
        var fields = new
        {
            Variant = variant?.Name,
            Architecture = variant is null ? config.Architecture : null,
            config.ClassCount,
            config.ImageSize,
            config.EpochCount,
            config.BatchSize,
            // On one device the mathematics of several is kept by parts of the batch.
            MicroBatchSize = config.GpuCount > 1 ? (int?)config.BatchSizePerGpu : null,
            LastBatch = LastBatch.Keep,
            config.Optimizer,
            config.LearningRate,
            LearningRateSchedule = LearningRateSchedule.Steps,
            config.LearningRateMilestones,
            config.LearningRateFactor,
            Momentum = config.Optimizer == OptimizerKind.Adam ? null : (double?)config.Momentum,
            Nesterov = config.Optimizer == OptimizerKind.Sgd ? (bool?)config.Nesterov : null,
            config.WeightDecay,
            RmspropAlpha = config.Optimizer == OptimizerKind.Rmsprop ? (double?)config.RmspropAlpha : null,
            RmspropCentered = config.Optimizer == OptimizerKind.Rmsprop ? (bool?)config.RmspropCentered : null,
            MetricsInterval = config.PrintInterval,
        };
        return JsonSerializer.SerializeToNode(fields, JobJson.Options)!.AsObject();
    }
}
