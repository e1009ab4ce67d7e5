using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;
using OptimizerState = HrNetBatch.Model.Checkpoints.OptimizerState;
using Parameter = TorchSharp.Modules.Parameter;

namespace HrNetBatch.Model.Training;

/// <summary>
/// Moves parameters against their gradients. Our own, because those of TorchSharp keep their buffers to themselves: they could neither be
/// stored in PyTorch's structure nor put back exactly. A kind of optimizer says which tensors it keeps of a parameter, and how it moves one.
/// </summary>
public abstract class Optimizer : IDisposable
{
    private readonly (string Name, Parameter Parameter)[] _parameters;
    private readonly string[] _slotNames;
    private readonly Tensor?[,] _slots;     // [parameter, slot]
    private readonly long[] _stepCounts;
    private readonly WeightDecay _decay;

    /// <summary>An optimizer of parameters in the network's order, which is the order of PyTorch's optimizer state.</summary>
    /// <param name="parameters">Those to train, with their names for messages.</param>
    /// <param name="decay">What draws them towards zero.</param>
    /// <param name="slotNames">PyTorch's names of the tensors that are kept of each.</param>
    private protected Optimizer(IEnumerable<(string Name, Parameter Parameter)> parameters, WeightDecay decay, params string[] slotNames)
    {
        (_parameters, _decay, _slotNames) = ([.. parameters], decay, slotNames);
        (_slots, _stepCounts) = (new Tensor?[_parameters.Length, slotNames.Length], new long[_parameters.Length]);
    }

    /// <summary>The optimizer that the options ask for.</summary>
    /// <param name="parameters">Those to train, in the network's order.</param>
    /// <param name="options">Its kind and settings.</param>
    /// <returns>The caller disposes it.</returns>
    public static Optimizer Of(IEnumerable<(string Name, Parameter Parameter)> parameters, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var decay = new WeightDecay(options.WeightDecay, options.DecaysNormsAndBiases);
        return options.Optimizer switch
        {
            OptimizerKind.Sgd => new Sgd(parameters, options.Momentum, decay, options.Nesterov),
            OptimizerKind.Adam or OptimizerKind.AdamW => new Adam(
                parameters, options.AdamBeta1, options.AdamBeta2, options.OptimizerEpsilon, decay, isDecoupled: options.Optimizer == OptimizerKind.AdamW),
            OptimizerKind.Rmsprop => new Rmsprop(parameters, options.RmspropAlpha, options.OptimizerEpsilon, decay, options.Momentum, options.RmspropCentered),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Optimizer, "There is no such optimizer."),
        };
    }

    /// <summary>How many parameters are optimised.</summary>
    public int ParameterCount => _parameters.Length;

    /// <summary>The parameters, in their order; they are the network's.</summary>
    public IEnumerable<Parameter> Parameters => _parameters.Select(named => named.Parameter);

    /// <summary>Forgets the gradients, so that the next backward pass writes them instead of adding to them.</summary>
    public void ZeroGradients()
    {
        foreach ((_, Parameter parameter) in _parameters)
            parameter.grad = null;
    }

    /// <summary>Moves every parameter against its gradient. The gradients are used up: they are overwritten on the way.</summary>
    public void Step(double learningRate)
    {
        using var noGradients = no_grad();
        for (int i = 0; i < _parameters.Length; i++)
        {
            using var temporaries = NewDisposeScope();
            Parameter parameter = _parameters[i].Parameter;
            if (parameter.grad is not { } gradient)
                continue;
            _stepCounts[i]++;
            Move(i, parameter, gradient, learningRate);
        }
    }

    /// <summary>The state as PyTorch's <c>state_dict()</c> has it. Its tensors are this optimizer's own: write them before the next step.</summary>
    /// <param name="learningRate">The rate of the step to come.</param>
    /// <param name="initialLearningRate">The rate that the schedule started from, without which PyTorch's schedulers cannot go on.</param>
    public OptimizerState Capture(double learningRate, double initialLearningRate)
    {
        var group = new CheckpointDictionary { { "lr", learningRate }, { "initial_lr", initialLearningRate } };
        AddSettings(group);
        group.Add("weight_decay", _decay.Rate);
        group.Add("maximize", false);
        group.Add("foreach", CheckpointNone.Instance);
        group.Add("differentiable", false);
        return new OptimizerState([.. Enumerable.Range(0, _parameters.Length).Select(Kept)], group)
        {
            Undecayed = [.. Enumerable.Range(0, _parameters.Length).Where(i => !_decay.IsOn(_parameters[i].Parameter))],
        };

        CheckpointDictionary? Kept(int i)
        {
            if (_stepCounts[i] == 0)
                return null;
            var kept = new CheckpointDictionary();
            if (CountsSteps)
                kept.Add("step", _stepCounts[i]);   // a plain integer, which every version of torch takes, where newer ones write a tensor
            for (int slot = 0; slot < _slotNames.Length; slot++)
            {
                if (_slots[i, slot] is { } tensor)
                    kept.Add(_slotNames[slot], tensor);
            }
            return kept.Count > 0 ? kept : null;
        }
    }

    /// <summary>Puts back a stored state; the values are copied, laid out in memory as the parameters are.</summary>
    /// <exception cref="CheckpointException">It is not the state of such an optimizer of these parameters.</exception>
    public void Restore(OptimizerState stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        if (stored.Slots.Count != ParameterCount)
            throw new CheckpointException($"Its optimizer knows {stored.Slots.Count} parameters; {ParameterCount} are trained here.");
        using var noGradients = no_grad();
        for (int i = 0; i < _parameters.Length; i++)
        {
            _stepCounts[i] = stored.Slots[i] is not { } slots ? 0
                : !CountsSteps ? 1
                : (long)(slots["step"]?.AsNumber() ?? throw Foreign(i, "step"));
            for (int slot = 0; slot < _slotNames.Length; slot++)
            {
                Tensor? tensor = stored.Tensor(i, _slotNames[slot]);
                if (tensor is null && _stepCounts[i] > 0)
                    throw Foreign(i, _slotNames[slot]);
                Put(i, slot, tensor is null ? null : CopyOf(i, slot, tensor));
            }
        }
    }

    /// <summary>Frees the optimizer's tensors; the parameters belong to the network.</summary>
    public void Dispose()
    {
        foreach (Tensor? tensor in _slots)
            tensor?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the state tells how often each parameter was moved.</summary>
    private protected abstract bool CountsSteps { get; }

    /// <summary>Moves one parameter; what it allocates is freed afterwards.</summary>
    private protected abstract void Move(int index, Parameter parameter, Tensor gradient, double learningRate);

    /// <summary>Adds the settings that PyTorch's group of parameters has of this kind alone.</summary>
    private protected abstract void AddSettings(CheckpointDictionary group);

    /// <summary>How much the parameter is drawn towards zero.</summary>
    private protected double DecayOf(Parameter parameter) => _decay.Of(parameter);

    /// <summary>Adds the L2 penalty to the gradient.</summary>
    private protected void AddPenalty(Parameter parameter, Tensor gradient)
    {
        if (DecayOf(parameter) is var rate && rate != 0)
            gradient.Add(parameter, rate);
    }

    /// <summary>How often the parameter was moved, the present time included.</summary>
    private protected long StepCount(int index) => _stepCounts[index];

    /// <summary>What is kept of a parameter; null before its first step.</summary>
    private protected Tensor? Slot(int index, int slot) => _slots[index, slot];

    /// <summary>What is kept of a parameter; zeros before its first step.</summary>
    private protected Tensor SlotOrZeros(int index, int slot)
    {
        if (_slots[index, slot] is null)
            Put(index, slot, zeros_like(_parameters[index].Parameter, requires_grad: false));
        return _slots[index, slot]!;
    }

    /// <summary>Keeps a tensor, which belongs to the optimizer from now on.</summary>
    private protected void Put(int index, int slot, Tensor? tensor)
    {
        _slots[index, slot]?.Dispose();
        _slots[index, slot] = tensor?.DetachFromDisposeScope();
    }

    private Tensor CopyOf(int index, int slot, Tensor stored)
    {
        (string name, Parameter parameter) = _parameters[index];
        if (!stored.shape.AsSpan().SequenceEqual(parameter.shape))
            throw new CheckpointException($"The {_slotNames[slot]} of {name} has the shape [{string.Join(", ", stored.shape)}], its parameter [{string.Join(", ", parameter.shape)}].");
        Tensor copy = empty_like(parameter, requires_grad: false);
        copy.copy_(stored);
        return copy;
    }

    private CheckpointException Foreign(int index, string slot) =>
        new($"Its optimizer's state of {_parameters[index].Name} lacks '{slot}': it is not the state of {GetType().Name} as it is set here.");
}
