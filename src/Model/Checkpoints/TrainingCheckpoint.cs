using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>A resumable point of a training run, in the form of the original's <c>checkpoint.pth.tar</c>. Its tensors stay the caller's.</summary>
public sealed record TrainingCheckpoint
{
    /// <summary>The epoch to go on with, from 0.</summary>
    public required long Epoch { get; init; }

    /// <summary>The original's name of the model.</summary>
    public string Model { get; init; } = "cls_hrnet";

    /// <summary>The weights and buffers by name.</summary>
    public required IReadOnlyDictionary<string, Tensor> StateDict { get; init; }

    /// <summary>The moving average of the weights and buffers by name, stored as timm does under <c>state_dict_ema</c>; null where there is none.</summary>
    public IReadOnlyDictionary<string, Tensor>? AverageStateDict { get; init; }

    /// <summary>The best validation top-1 so far, in per cent.</summary>
    public required double Perf { get; init; }

    /// <summary>The optimizer's state dict, for example <see cref="OptimizerState.ToValue"/>.</summary>
    public CheckpointDictionary? Optimizer { get; init; }

    /// <summary>Variant, image size and labels, so that they travel with the weights.</summary>
    public ModelCard? Card { get; init; }

    /// <summary>Whatever else the run goes on from: seed, cursor, step … Read back as <see cref="Checkpoint.Extra"/>'s "resume".</summary>
    public CheckpointDictionary? Resume { get; init; }

    /// <summary>The dictionary to write with <see cref="CheckpointWriter.Write(Stream, CheckpointValue, string)"/>.</summary>
    public CheckpointDictionary ToValue()
    {
        var value = new CheckpointDictionary
        {
            { "epoch", Epoch },
            { "model", Model },
            { "state_dict", CheckpointWriter.ToValue(StateDict) },
        };
        if (AverageStateDict is not null)
            value.Add("state_dict_ema", CheckpointWriter.ToValue(AverageStateDict));
        value.Add("perf", Perf);
        if (Optimizer is not null)
            value.Add("optimizer", Optimizer);
        CheckpointDictionary ours = Card?.ToValue() ?? new CheckpointDictionary();
        if (Resume is not null)
            ours.Add("resume", Resume);
        if (ours.Count > 0)
            value.Add(ModelCard.Key, ours);
        return value;
    }
}
