using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Cli.Inspecting;

/// <summary>The network that weights are of.</summary>
/// <param name="Variant">Our name, or "custom".</param>
/// <param name="OriginalName">The original's name; null for a custom network.</param>
/// <param name="TimmName">timm's name; null for a custom network.</param>
/// <param name="Architecture">Blocks, modules and widths.</param>
/// <param name="ClassCount">How many classes its classifier has.</param>
/// <param name="ParameterCount">Weights and biases, without the batch norms' statistics.</param>
/// <param name="ImageSize">The side of the image that the two counts of work are for.</param>
/// <param name="OriginalGFlops">As the original counts and its README lists.</param>
/// <param name="TimmGMacs">As timm counts and lists.</param>
internal sealed record NetworkFacts(
    string Variant, string? OriginalName, string? TimmName, HrNetArchitecture Architecture, int ClassCount, long ParameterCount, int ImageSize, double OriginalGFlops, double TimmGMacs)
{
    private const int PublishedImageSize = 224;

    /// <summary>The network, what loading the weights into it would do, and why it cannot be done; some of them null.</summary>
    public static (NetworkFacts? Network, LoadReport? Report, string? Fault) Of(Checkpoint checkpoint)
    {
        HrNetShape shape;
        try
        {
            shape = HrNetShape.Recognize(checkpoint.StateDict);
        }
        catch (ArgumentException e)
        {
            return (null, null, e.Message.Split(" (Parameter '", 2)[0]);
        }
        NetworkFacts facts = Of(shape, checkpoint.Card?.ImageSize is { } size && size % HrNet.SizeMultiple == 0 ? size : PublishedImageSize);
        try
        {
            return (facts, StateDictLoader.Check(shape, checkpoint.StateDict), null);
        }
        catch (CheckpointException e)
        {
            return (facts, null, e.Message);
        }
    }

    private static NetworkFacts Of(HrNetShape shape, int imageSize)
    {
        ModelCost cost = ModelCost.Of(shape.Architecture, shape.ClassCount, imageSize);
        return new NetworkFacts(
            shape.VariantName, shape.Variant?.OriginalName, shape.Variant?.TimmName, shape.Architecture, shape.ClassCount,
            cost.ParameterCount, imageSize, cost.OriginalGFlops, cost.TimmGMacs);
    }
}
