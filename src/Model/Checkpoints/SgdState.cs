using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>State of torch.optim.SGD with one group of parameters, in the form of its <c>state_dict()</c>.</summary>
/// <param name="MomentumBuffers">One for each parameter, in the model's order; null before a parameter's first step. Tensors stay their owner's.</param>
/// <param name="LearningRate">The rate of the step to come.</param>
/// <param name="Momentum">Momentum factor.</param>
/// <param name="WeightDecay">L2 factor.</param>
/// <param name="Nesterov">Whether the momentum is Nesterov's.</param>
public sealed record SgdState(IReadOnlyList<Tensor?> MomentumBuffers, double LearningRate, double Momentum, double WeightDecay, bool Nesterov)
{
    /// <summary>The rate that the schedule started from, without which PyTorch's schedulers cannot go on; null for <see cref="LearningRate"/>.</summary>
    public double? InitialLearningRate { get; init; }

    /// <summary>The state as Python's <c>optimizer.load_state_dict</c> takes it.</summary>
    public CheckpointDictionary ToValue()
    {
        var state = new CheckpointDictionary();
        for (int i = 0; i < MomentumBuffers.Count; i++)
        {
            if (MomentumBuffers[i] is { } buffer)
                state.Add(i, new CheckpointDictionary { { "momentum_buffer", buffer } });
        }
        var group = new CheckpointDictionary
        {
            { "lr", LearningRate },
            { "initial_lr", InitialLearningRate ?? LearningRate },
            { "momentum", Momentum },
            { "dampening", 0.0 },
            { "weight_decay", WeightDecay },
            { "nesterov", Nesterov },
            { "maximize", false },
            { "foreach", CheckpointNone.Instance },
            { "differentiable", false },
            { "params", new CheckpointList([.. Enumerable.Range(0, MomentumBuffers.Count).Select(i => (CheckpointValue)(long)i)]) },
        };
        return new CheckpointDictionary { { "state", state }, { "param_groups", new CheckpointList([group]) } };
    }

    /// <summary>Reads an SGD state dict; its parameters are numbered, or named by ids as torch before 1.6 did.</summary>
    /// <exception cref="CheckpointException">The value is not the state of SGD with one group.</exception>
    public static SgdState From(CheckpointValue? optimizer)
    {
        if (optimizer is not CheckpointDictionary root || root["state"] is not CheckpointDictionary state
            || root["param_groups"] is not CheckpointList { Items: [CheckpointDictionary group] } || group["params"] is not CheckpointList parameters
            || group["lr"]?.AsNumber() is not { } learningRate || group["momentum"]?.AsNumber() is not { } momentum)
            throw new CheckpointException("The checkpoint's optimizer is not SGD with one group of parameters: start a new run from its weights instead of resuming it.");
        Tensor?[] buffers = [.. parameters.Items.Select(key => BufferOf(state, key))];
        return new SgdState(buffers, learningRate, momentum, group["weight_decay"]?.AsNumber() ?? 0, group["nesterov"] is CheckpointBoolean { Value: true });
    }

    private static Tensor? BufferOf(CheckpointDictionary state, CheckpointValue key) =>
        state.TryGet(key, out CheckpointValue? entry) && entry is CheckpointDictionary slots && slots["momentum_buffer"] is CheckpointTensor { Tensor: var buffer }
            ? buffer
            : null;
}
