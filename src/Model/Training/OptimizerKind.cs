namespace HrNetBatch.Model.Training;

/// <summary>The optimizers that the original's TRAIN.OPTIMIZER knows, each operation for operation torch's.</summary>
public enum OptimizerKind
{
    /// <summary>SGD with momentum, torch.optim.SGD.</summary>
    Sgd,

    /// <summary>Adam, torch.optim.Adam.</summary>
    Adam,

    /// <summary>RMSprop, plain or centered, torch.optim.RMSprop.</summary>
    Rmsprop,
}
