using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>
/// State of an optimizer of torch, in the form of its <c>state_dict()</c>: with one group of parameters, or with a second one that differs only in
/// having no weight decay. Tensors stay their owner's.
/// </summary>
/// <param name="Slots">For each parameter, in the model's order, what is kept of it ("momentum_buffer", "exp_avg", "step", …); null before its first step.</param>
/// <param name="Group">The group's settings ("lr", "momentum", …), without its parameters.</param>
public sealed record OptimizerState(IReadOnlyList<CheckpointDictionary?> Slots, CheckpointDictionary Group)
{
    /// <summary>Which parameters are in the second group, whose weight decay is 0, in rising order; empty: there is none.</summary>
    public IReadOnlyList<int> Undecayed { get; init; } = [];

    /// <summary>The state as Python's <c>optimizer.load_state_dict</c> takes it.</summary>
    public CheckpointDictionary ToValue()
    {
        var state = new CheckpointDictionary();
        for (int i = 0; i < Slots.Count; i++)
        {
            if (Slots[i] is { } slots)
                state.Add(i, slots);
        }
        int[] decayed = [.. Enumerable.Range(0, Slots.Count).Except(Undecayed)];
        CheckpointValue[] groups = Undecayed.Count == 0
            ? [OfGroup(decayed, isDecayed: true)]
            : [OfGroup(decayed, isDecayed: true), OfGroup(Undecayed, isDecayed: false)];
        return new CheckpointDictionary { { "state", state }, { "param_groups", new CheckpointList(groups) } };
    }

    /// <summary>Reads a state dict; its parameters are numbered, or named by ids as torch before 1.6 did.</summary>
    /// <exception cref="CheckpointException">The value is not the state of an optimizer with such groups.</exception>
    public static OptimizerState From(CheckpointValue? optimizer)
    {
        if (optimizer is not CheckpointDictionary root || root["state"] is not CheckpointDictionary state
            || root["param_groups"] is not CheckpointList { Items: [CheckpointDictionary group, ..] and var groups }
            || group["params"] is not CheckpointList parameters
            || group["lr"]?.AsNumber() is null)
            throw Foreign();
        var settings = new CheckpointDictionary();
        foreach ((CheckpointValue key, CheckpointValue value) in group)
        {
            if (key.AsText() is { } name && name != "params")
                settings.Add(name, value);
        }
        if (groups.Count == 1)
            return new OptimizerState([.. parameters.Items.Select(Kept)], settings);

        if (groups is not [_, CheckpointDictionary second] || second["weight_decay"]?.AsNumber() is not 0 || second["params"] is not CheckpointList undecayed)
            throw Foreign();
        // The numbers are the model's order, which two groups cannot keep.
        int[] numbers = [.. undecayed.Items.Select(key => (int)(key.AsInteger() ?? throw Foreign())).Order()];
        int count = parameters.Items.Count + numbers.Length;
        if (!parameters.Items.Select(key => (int)(key.AsInteger() ?? throw Foreign())).Concat(numbers).Order().SequenceEqual(Enumerable.Range(0, count)))
            throw Foreign();
        return new OptimizerState([.. Enumerable.Range(0, count).Select(i => Kept((long)i))], settings) { Undecayed = numbers };

        CheckpointDictionary? Kept(CheckpointValue key) => state.TryGet(key, out CheckpointValue? slots) ? slots as CheckpointDictionary : null;
    }

    /// <summary>A tensor that is kept of a parameter, or null where there is none.</summary>
    public Tensor? Tensor(int parameter, string slot) => (Slots[parameter]?[slot] as CheckpointTensor)?.Tensor;

    /// <summary>One of the group's settings as a number (truth values are 0 and 1), or null where it is none.</summary>
    public double? Setting(string name) => Group[name] is CheckpointBoolean { Value: var truth } ? (truth ? 1 : 0) : Group[name]?.AsNumber();

    private CheckpointDictionary OfGroup(IReadOnlyList<int> parameters, bool isDecayed)
    {
        var group = new CheckpointDictionary();
        foreach ((CheckpointValue key, CheckpointValue value) in Group)
            group.Add(key.AsText()!, isDecayed || key.AsText() != "weight_decay" ? value : 0.0);
        group.Add("params", new CheckpointList([.. parameters.Select(i => (CheckpointValue)(long)i)]));
        return group;
    }

    private static CheckpointException Foreign() => new(
        "The checkpoint's optimizer is not one with a single group of parameters, or a second one without weight decay: start a new run from its weights instead of resuming it.");
}
