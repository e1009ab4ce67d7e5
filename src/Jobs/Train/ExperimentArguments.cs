using System.Text.Json;
using System.Text.Json.Nodes;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Train;

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
            config.LearningRate,
            LearningRateSchedule = LearningRateSchedule.Steps,
            config.LearningRateMilestones,
            config.LearningRateFactor,
            config.Momentum,
            config.Nesterov,
            config.WeightDecay,
            MetricsInterval = config.PrintInterval,
        };
        return JsonSerializer.SerializeToNode(fields, JobJson.Options)!.AsObject();
    }
}
