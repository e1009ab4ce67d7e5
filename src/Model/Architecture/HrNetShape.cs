using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Architecture;

/// <summary>What a state dict says about the network it is for.</summary>
/// <param name="Variant">The variant.</param>
/// <param name="ClassCount">How many classes its classifier has.</param>
public sealed partial record HrNetShape(HrNetVariant Variant, int ClassCount)
{
    /// <summary>Recognises the variant and the class count from names and shapes alone.</summary>
    /// <param name="stateDict">Parameters by the original's names; stays as it is.</param>
    /// <exception cref="ArgumentException">It is no HRNet classifier, or one of no known variant.</exception>
    public static HrNetShape Recognize(IReadOnlyDictionary<string, Tensor> stateDict)
    {
        long width = Shape("stage2.0.branches.0.0.conv1.weight")[0];
        long stage1Width = Shape("layer1.0.conv1.weight")[0];
        long classCount = Shape("classifier.weight")[0];
        int stage1Blocks = Count(Stage1Block()), branchBlocks = Count(BranchBlock());
        int stage3Modules = Count(Stage3Module()), stage4Modules = Count(Stage4Module());

        HrNetVariant? variant = HrNetVariant.All.FirstOrDefault(v =>
            (v.Width, v.Stage1Width, v.Stage1BlockCount, v.BranchBlockCount, v.Stage3ModuleCount, v.Stage4ModuleCount)
            == (width, stage1Width, stage1Blocks, branchBlocks, stage3Modules, stage4Modules));
        return variant is not null ? new HrNetShape(variant, checked((int)classCount)) : throw new ArgumentException(
            $"This HRNet is none of the nine variants: width {width}, stage 1 of {stage1Blocks} blocks of width {stage1Width}, "
            + $"{branchBlocks} blocks in a branch, 1/{stage3Modules}/{stage4Modules} modules in stages 2/3/4.", nameof(stateDict));

        long[] Shape(string name) => stateDict.TryGetValue(name, out Tensor? tensor) ? tensor.shape : throw new ArgumentException(
            $"This is not an HRNet classifier: it has no parameter {name}. "
            + $"It begins with {string.Join(", ", stateDict.Keys.Take(3))}.", nameof(stateDict));

        int Count(Regex pattern) => stateDict.Keys.Count(pattern.IsMatch);
    }

    [GeneratedRegex(@"^layer1\.\d+\.conv1\.weight$")]
    private static partial Regex Stage1Block();

    [GeneratedRegex(@"^stage2\.0\.branches\.0\.\d+\.conv1\.weight$")]
    private static partial Regex BranchBlock();

    [GeneratedRegex(@"^stage3\.\d+\.branches\.0\.0\.conv1\.weight$")]
    private static partial Regex Stage3Module();

    [GeneratedRegex(@"^stage4\.\d+\.branches\.0\.0\.conv1\.weight$")]
    private static partial Regex Stage4Module();
}
