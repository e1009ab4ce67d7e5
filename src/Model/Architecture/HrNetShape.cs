using static TorchSharp.torch;

namespace HrNetBatch.Model.Architecture;

/// <summary>What a state dict says about the network it is for.</summary>
/// <param name="Architecture">What the network is made of.</param>
/// <param name="ClassCount">How many classes its classifier has.</param>
public sealed record HrNetShape(HrNetArchitecture Architecture, int ClassCount)
{
    private const int MaximumClassCount = 1_000_000;

    /// <summary>The published variant; null for a custom network.</summary>
    public HrNetVariant? Variant => HrNetVariant.Of(Architecture);

    /// <summary>The variant's name, or <see cref="HrNetArchitecture.CustomName"/>.</summary>
    public string VariantName => HrNetVariant.NameOf(Architecture);

    /// <summary>Recognises the architecture and the class count from names and shapes alone.</summary>
    /// <param name="stateDict">Parameters by the original's names; stays as it is.</param>
    /// <exception cref="ArgumentException">It is no HRNet classifier, or too large a one.</exception>
    public static HrNetShape Recognize(IReadOnlyDictionary<string, Tensor> stateDict)
    {
        var architecture = new HrNetArchitecture(
            new HrNetStage1(Count(i => $"layer1.{i}.conv1.weight"), Channels("layer1.0.conv1.weight")),
            Stage("stage2", 2), Stage("stage3", 3), Stage("stage4", 4));
        architecture.ThrowIfFaulty();
        int classCount = Channels("classifier.weight");
        return classCount is >= 1 and <= MaximumClassCount ? new HrNetShape(architecture, classCount)
            : throw new ArgumentException($"A classifier of {Counted.Of(classCount, "class", "classes")} is not supported: 1 to {MaximumClassCount} are.", nameof(stateDict));

        HrNetStage Stage(string name, int branchCount) => new(
            Count(module => $"{name}.{module}.branches.0.0.conv1.weight"),
            [.. Enumerable.Range(0, branchCount).Select(branch => Count(block => $"{name}.0.branches.{branch}.{block}.conv1.weight"))],
            [.. Enumerable.Range(0, branchCount).Select(branch => Channels($"{name}.0.branches.{branch}.0.conv1.weight"))]);

        int Channels(string name) => stateDict.TryGetValue(name, out Tensor? tensor)
            ? tensor.shape is [var count and <= int.MaxValue, ..] ? (int)count : throw new ArgumentException($"This is not an HRNet classifier: its {name} has no output channels.", nameof(stateDict))
            : throw new ArgumentException(
                $"This is not an HRNet classifier: it has no parameter {name}. It begins with {string.Join(", ", stateDict.Keys.Take(3))}.", nameof(stateDict));

        int Count(Func<int, string> name)
        {
            int count = 0;
            while (stateDict.ContainsKey(name(count)))
                count++;
            return count;
        }
    }
}
