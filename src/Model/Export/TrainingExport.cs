using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Model.Export;

/// <summary>A run as the original's tools/train.py resumes it. What it needs beside the weights is taken from a run, never invented.</summary>
internal static class TrainingExport
{
    private const string Advice = "Export a run's checkpoint.pth.tar, or export the weights alone (format pth).";
    private static readonly string[] MovingAverages = ["state_dict_ema", "model_ema"];

    /// <summary>The dictionary to write; its tensors are the network's and the checkpoint's.</summary>
    /// <exception cref="CheckpointException">The checkpoint is not a run that can go on.</exception>
    internal static TrainingCheckpoint Of(Checkpoint source, HrNet network, ModelCard? card)
    {
        if (source.Optimizer is not CheckpointDictionary optimizer || source.Epoch is not { } epoch)
            throw new CheckpointException($"It holds weights but no training run ({(source.Epoch is null ? "no epoch" : "no optimizer")}), and a run cannot be made up from them. {Advice}");
        if (MovingAverages.Contains(source.StateDictKey))
            throw new CheckpointException($"It holds a moving average of the weights beside those that were trained, and tools/train.py of the original knows only the latter. {Advice}");
        int parameterCount = network.parameters().Count(), optimizedCount = OptimizedCount(optimizer);
        if (optimizedCount != parameterCount)
            throw new CheckpointException($"Its optimizer knows {optimizedCount} parameters, and the network has {parameterCount}. {Advice}");
        return new TrainingCheckpoint
        {
            Epoch = epoch,
            Model = source.ModelName ?? "cls_hrnet",
            StateDict = network.state_dict(),
            Perf = source.Perf ?? 0,
            Optimizer = optimizer,
            Card = card,
        };
    }

    private static int OptimizedCount(CheckpointDictionary optimizer) => optimizer["param_groups"] is CheckpointList groups
        ? groups.Items.OfType<CheckpointDictionary>().Sum(group => group["params"] is CheckpointList parameters ? parameters.Items.Count : 0)
        : 0;
}
