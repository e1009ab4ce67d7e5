using HrNetBatch.Model.Architecture;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>The layers of a network that a run leaves as they are: no gradients, and batch norms that use their statistics instead of taking new ones.</summary>
internal sealed class FrozenLayers
{
    private readonly List<nn.Module> _modules;

    /// <summary>Freezes the layers, and thaws all others.</summary>
    /// <exception cref="ArgumentException">A name is no layer's, or nothing would be left to train.</exception>
    internal FrozenLayers(HrNet network, IReadOnlyList<string> names)
    {
        (string Name, Parameter Parameter)[] parameters = [.. network.named_parameters()];
        foreach (string name in names)
        {
            if (!parameters.Any(parameter => IsIn(parameter.Name, name)))
                throw new ArgumentException(
                    $"There is no layer '{name}' to freeze. The network has {string.Join(", ", network.named_children().Select(child => child.name))}, and what lies in them (layer1.0, stage2.0.branches.1, …).", nameof(names));
        }
        foreach ((string name, Parameter parameter) in parameters)
            parameter.requires_grad = !names.Any(frozen => IsIn(name, frozen));
        Trained = [.. parameters.Where(parameter => parameter.Parameter.requires_grad)];
        if (Trained.Count == 0)
            throw new ArgumentException("Every layer is frozen: nothing is left to train.", nameof(names));
        _modules = [.. network.named_modules().Where(module => names.Any(frozen => IsIn(module.name, frozen))).Select(module => module.module)];
    }

    /// <summary>The parameters that are trained, in the network's order.</summary>
    internal IReadOnlyList<(string Name, Parameter Parameter)> Trained { get; }

    /// <summary>Takes the frozen layers out of the training mode that their network is in.</summary>
    internal void Hold()
    {
        foreach (nn.Module module in _modules)
            module.eval();
    }

    private static bool IsIn(string name, string layer) => name == layer || name.StartsWith($"{layer}.", StringComparison.Ordinal);
}
