using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>State of an optimizer of torch with one group of parameters, in the form of its <c>state_dict()</c>. Tensors stay their owner's.</summary>
/// <param name="Slots">For each parameter, in the model's order, what is kept of it ("momentum_buffer", "exp_avg", "step", …); null before its first step.</param>
/// <param name="Group">The group's settings ("lr", "momentum", …), without its parameters.</param>
public sealed record OptimizerState(IReadOnlyList<CheckpointDictionary?> Slots, CheckpointDictionary Group)
{
    /// <summary>The state as Python's <c>optimizer.load_state_dict</c> takes it.</summary>
    public CheckpointDictionary ToValue()
    {
        var state = new CheckpointDictionary();
        for (int i = 0; i < Slots.Count; i++)
        {
            if (Slots[i] is { } slots)
                state.Add(i, slots);
        }
        var group = new CheckpointDictionary();
        foreach ((CheckpointValue key, CheckpointValue value) in Group)
            group.Add(key.AsText()!, value);
        group.Add("params", new CheckpointList([.. Enumerable.Range(0, Slots.Count).Select(i => (CheckpointValue)(long)i)]));
        return new CheckpointDictionary { { "state", state }, { "param_groups", new CheckpointList([group]) } };
    }

    /// <summary>Reads a state dict; its parameters are numbered, or named by ids as torch before 1.6 did.</summary>
    /// <exception cref="CheckpointException">The value is not the state of an optimizer with one group.</exception>
    public static OptimizerState From(CheckpointValue? optimizer)
    {
        if (optimizer is not CheckpointDictionary root || root["state"] is not CheckpointDictionary state
            || root["param_groups"] is not CheckpointList { Items: [CheckpointDictionary group] } || group["params"] is not CheckpointList parameters
            || group["lr"]?.AsNumber() is null)
            throw new CheckpointException("The checkpoint's optimizer is not one with a single group of parameters: start a new run from its weights instead of resuming it.");
        var settings = new CheckpointDictionary();
        foreach ((CheckpointValue key, CheckpointValue value) in group)
        {
            if (key.AsText() is { } name && name != "params")
                settings.Add(name, value);
        }
        return new OptimizerState([.. parameters.Items.Select(key => state.TryGet(key, out CheckpointValue? slots) ? slots as CheckpointDictionary : null)], settings);
    }

    /// <summary>A tensor that is kept of a parameter, or null where there is none.</summary>
    public Tensor? Tensor(int parameter, string slot) => (Slots[parameter]?[slot] as CheckpointTensor)?.Tensor;

    /// <summary>One of the group's settings as a number (truth values are 0 and 1), or null where it is none.</summary>
    public double? Setting(string name) => Group[name] is CheckpointBoolean { Value: var truth } ? (truth ? 1 : 0) : Group[name]?.AsNumber();
}
