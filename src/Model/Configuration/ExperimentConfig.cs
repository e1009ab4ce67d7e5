using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Model.Configuration;

/// <summary>
/// What a configuration of the original says (<c>experiments/*.yaml</c>): the network and the recipe. A key that is not given has the
/// original's default, and one that the original does not know is refused, as it does.
/// </summary>
public sealed record ExperimentConfig
{
    // The original has no default for it, and stops without one; this is PyTorch's.
    internal const double DefaultRmspropAlpha = 0.99;

    /// <summary>The file that it was read from, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>What the network is made of.</summary>
    public required HrNetArchitecture Architecture { get; init; }

    /// <summary>Classes of the classifier.</summary>
    public required int ClassCount { get; init; }

    /// <summary>Side of the square input, pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>How many GPUs the original would train on.</summary>
    public required int GpuCount { get; init; }

    /// <summary>Images that each of them takes of a step.</summary>
    public required int BatchSizePerGpu { get; init; }

    /// <summary>Images of a step: <see cref="BatchSizePerGpu"/> × <see cref="GpuCount"/>.</summary>
    public int BatchSize => BatchSizePerGpu * GpuCount;

    /// <summary>Passes over the data.</summary>
    public required int EpochCount { get; init; }

    /// <summary>What makes a step of the gradients.</summary>
    public required OptimizerKind Optimizer { get; init; }

    /// <summary>Learning rate before the first milestone.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Epochs, counted from the first that is trained, at which it is multiplied by <see cref="LearningRateFactor"/>; those before it are negative.</summary>
    public required IReadOnlyList<int> LearningRateMilestones { get; init; }

    /// <summary>Factor at each milestone.</summary>
    public required double LearningRateFactor { get; init; }

    /// <summary>Momentum of SGD and RMSprop.</summary>
    public required double Momentum { get; init; }

    /// <summary>Nesterov's form of SGD's momentum.</summary>
    public required bool Nesterov { get; init; }

    /// <summary>L2 penalty; the original gives Adam none.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>RMSprop: how much of the mean squared gradient stays at each step.</summary>
    public double RmspropAlpha { get; init; } = DefaultRmspropAlpha;

    /// <summary>RMSprop: whether the square of the mean gradient is subtracted from the mean square.</summary>
    public bool RmspropCentered { get; init; }

    /// <summary>Steps between two reports.</summary>
    public required int PrintInterval { get; init; }

    /// <summary>What somebody who brings the file should know: defaults that stand in, unknown keys, and those that have no effect, with the reason.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Reads a configuration.</summary>
    /// <param name="yaml">The file's text.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="overrides"><c>KEY=VALUE</c> with a key's full name; they stand over the file.</param>
    /// <exception cref="ExperimentException">It is no YAML, has an unknown key, or asks for what cannot be trained; lists every fault.</exception>
    public static ExperimentConfig Read(TextReader yaml, string name, params IReadOnlyList<string> overrides) => new ExperimentReader(name).Read(yaml, overrides);
}
