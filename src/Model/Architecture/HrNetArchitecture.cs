using System.Globalization;

namespace HrNetBatch.Model.Architecture;

/// <summary>The numbers that make one network of the family: nine sets of them are published, any others make a custom network.</summary>
/// <param name="Stage1">Bottleneck blocks on one branch.</param>
/// <param name="Stage2">Two branches.</param>
/// <param name="Stage3">Three branches.</param>
/// <param name="Stage4">Four branches.</param>
public sealed record HrNetArchitecture(HrNetStage1 Stage1, HrNetStage Stage2, HrNetStage Stage3, HrNetStage Stage4)
{
    /// <summary>What networks beyond the nine are called where a variant's name would stand.</summary>
    public const string CustomName = "custom";

    /// <summary>The most parameters that a network may have: the largest published has an eighth of it.</summary>
    public const long MaximumParameterCount = 1_000_000_000;

    private const int MaximumCount = 256, MaximumWidth = 8192;

    internal HrNetStage[] BranchStages => [Stage2, Stage3, Stage4];

    /// <summary>The usual form: every branch has the same number of blocks, and each is twice as wide as the one above it.</summary>
    /// <param name="stage1BlockCount">Bottleneck blocks in stage 1.</param>
    /// <param name="stage1Width">Channels inside those blocks.</param>
    /// <param name="moduleCounts">Modules of stages 2, 3 and 4.</param>
    /// <param name="blockCount">Basic blocks in each branch of a module.</param>
    /// <param name="width">C, the width of the branch of highest resolution.</param>
    public static HrNetArchitecture Uniform(int stage1BlockCount, int stage1Width, (int Stage2, int Stage3, int Stage4) moduleCounts, int blockCount, int width)
    {
        return new(new(stage1BlockCount, stage1Width), Stage(moduleCounts.Stage2, 2), Stage(moduleCounts.Stage3, 3), Stage(moduleCounts.Stage4, 4));

        HrNetStage Stage(int moduleCount, int branchCount) => new(
            moduleCount, [.. Enumerable.Repeat(blockCount, branchCount)], [.. Enumerable.Range(0, branchCount).Select(i => width << i)]);
    }

    /// <summary>What no network can be made of, each as <c>stage2: what is wrong</c>; empty for a sound architecture.</summary>
    public IEnumerable<string> Faults()
    {
        List<string> faults =
        [
            .. Stage1 is null ? ["stage1: is missing"] : Wrong("stage1", "blockCount", Stage1.BlockCount, MaximumCount).Concat(Wrong("stage1", "width", Stage1.Width, MaximumWidth)),
            .. Wrong("stage2", Stage2, 2),
            .. Wrong("stage3", Stage3, 3),
            .. Wrong("stage4", Stage4, 4),
        ];
        if (faults.Count == 0 && ModelCost.Of(this, classCount: 1, HrNet.SizeMultiple).ParameterCount is > MaximumParameterCount and var count)
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"the network would have {count:N0} parameters; at most {MaximumParameterCount:N0} are accepted"));
        return faults;
    }

    /// <exception cref="ArgumentException">It has a fault.</exception>
    internal void ThrowIfFaulty()
    {
        if (Faults().ToArray() is { Length: > 0 } faults)
            throw new ArgumentException($"No network can be made of this architecture: {string.Join("; ", faults)}.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"stage 1 of {Stage1}; stage 2 of {Stage2}; stage 3 of {Stage3}; stage 4 of {Stage4}";

    private static IEnumerable<string> Wrong(string stage, HrNetStage? values, int branchCount)
    {
        if (values?.BlockCounts is null || values.Widths is null)
            return [$"{stage}: moduleCount, blockCounts and widths are needed"];
        if (values.BlockCounts.Count != branchCount || values.Widths.Count != branchCount)
        {
            return [string.Create(CultureInfo.InvariantCulture,
                $"{stage}: has {branchCount} branches, so {branchCount} blockCounts and widths are needed; these are {values.BlockCounts.Count} and {values.Widths.Count}")];
        }
        return Wrong(stage, "moduleCount", values.ModuleCount, MaximumCount)
            .Concat(values.BlockCounts.SelectMany(count => Wrong(stage, "blockCounts", count, MaximumCount)))
            .Concat(values.Widths.SelectMany(width => Wrong(stage, "widths", width, MaximumWidth)));
    }

    private static IEnumerable<string> Wrong(string stage, string field, int value, int most) =>
        value >= 1 && value <= most ? [] : [string.Create(CultureInfo.InvariantCulture, $"{stage}: {field} must lie between 1 and {most}, this is {value}")];
}

/// <summary>Stage 1: bottleneck blocks at a quarter of the input's resolution.</summary>
/// <param name="BlockCount">How many.</param>
/// <param name="Width">Channels inside the blocks; they leave four times as many.</param>
public sealed record HrNetStage1(int BlockCount, int Width)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Counted.Of(BlockCount, "block")} of width {Width}");
}

/// <summary>A later stage: modules of parallel branches, each of half the resolution of the one above it.</summary>
/// <param name="ModuleCount">How often the branches exchange what they see.</param>
/// <param name="BlockCounts">Basic blocks of each branch of a module, highest resolution first.</param>
/// <param name="Widths">Channels of each branch.</param>
public sealed record HrNetStage(int ModuleCount, IReadOnlyList<int> BlockCounts, IReadOnlyList<int> Widths)
{
    /// <summary>Equal numbers make equal stages.</summary>
    public bool Equals(HrNetStage? other) => other is not null && ModuleCount == other.ModuleCount
        && BlockCounts.SequenceEqual(other.BlockCounts) && Widths.SequenceEqual(other.Widths);

    /// <inheritdoc/>
    public override int GetHashCode() => Widths.Concat(BlockCounts).Aggregate(ModuleCount, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Counted.Of(ModuleCount, "module")} with {string.Join('/', BlockCounts)} blocks of widths {string.Join('/', Widths)}");
}
