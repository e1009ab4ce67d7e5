namespace HrNetBatch.Model.Training;

/// <summary>The optimizers that the original's TRAIN.OPTIMIZER knows, and AdamW, each operation for operation torch's.</summary>
public enum OptimizerKind
{
    /// <summary>SGD with momentum, torch.optim.SGD.</summary>
    Sgd,

    /// <summary>Adam, torch.optim.Adam.</summary>
    Adam,

    /// <summary>AdamW, torch.optim.AdamW: Adam with weight decay beside the gradients instead of in them. The original does not know it.</summary>
    AdamW,

    /// <summary>RMSprop, plain or centered, torch.optim.RMSprop.</summary>
    Rmsprop,
}
