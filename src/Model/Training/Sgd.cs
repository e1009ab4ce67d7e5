using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>
/// SGD with momentum and weight decay, operation for operation torch.optim.SGD (dampening 0).
/// Our own, because TorchSharp's keeps its momentum buffers to itself: they could neither be stored in PyTorch's structure nor put back exactly.
/// </summary>
public sealed class Sgd : IDisposable
{
    private readonly (string Name, Parameter Parameter)[] _parameters;
    private readonly Tensor?[] _momenta;
    private readonly double _momentum;
    private readonly double _weightDecay;
    private readonly bool _nesterov;

    /// <summary>An optimizer of the network's parameters, in their order, which is the order of PyTorch's optimizer state.</summary>
    public Sgd(IEnumerable<(string Name, Parameter Parameter)> parameters, double momentum, double weightDecay, bool nesterov)
    {
        _parameters = [.. parameters];
        _momenta = new Tensor?[_parameters.Length];
        (_momentum, _weightDecay, _nesterov) = (momentum, weightDecay, nesterov);
    }

    /// <summary>How many parameters are optimised.</summary>
    public int ParameterCount => _parameters.Length;

    /// <summary>The momentum buffer of the parameter at <paramref name="index"/>, null before its first step. This optimizer owns it.</summary>
    public Tensor? Momentum(int index) => _momenta[index];

    /// <summary>Puts back a stored momentum buffer; the values are copied, laid out in memory as the parameter is.</summary>
    /// <exception cref="InvalidDataException">The buffer's shape is not the parameter's.</exception>
    public void RestoreMomentum(int index, Tensor stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        (string name, Parameter parameter) = _parameters[index];
        if (!stored.shape.AsSpan().SequenceEqual(parameter.shape))
            throw new InvalidDataException(
                $"The momentum buffer of {name} has the shape [{string.Join(", ", stored.shape)}], its parameter [{string.Join(", ", parameter.shape)}].");

        using var noGradients = no_grad();
        Tensor momentum = empty_like(parameter, requires_grad: false);
        momentum.copy_(stored);
        _momenta[index]?.Dispose();
        _momenta[index] = momentum.DetachFromDisposeScope();
    }

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

            if (_weightDecay != 0)
                gradient.add_(parameter, alpha: _weightDecay);
            if (_momentum != 0)
            {
                if (_momenta[i] is { } momentum)
                    momentum.mul_(_momentum).add_(gradient);
                else
                    _momenta[i] = gradient.clone().DetachFromDisposeScope();
                if (_nesterov)
                    gradient.add_(_momenta[i]!, alpha: _momentum);
                else
                    gradient = _momenta[i]!;
            }
            parameter.add_(gradient, alpha: -learningRate);
        }
    }

    /// <summary>Frees the momentum buffers; the parameters belong to the network.</summary>
    public void Dispose()
    {
        foreach (Tensor? momentum in _momenta)
            momentum?.Dispose();
    }
}
