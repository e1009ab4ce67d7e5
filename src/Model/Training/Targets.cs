using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>What the images of a batch show: a class each, or two classes each where images were mixed.</summary>
/// <param name="Labels">[B] int64, class indices; -1 where an image has none.</param>
/// <param name="OtherLabels">[B] int64, the classes mixed in; null where nothing was.</param>
/// <param name="Share">How much of an image is of <paramref name="Labels"/>, 0 to 1; the rest is of <paramref name="OtherLabels"/>.</param>
internal sealed record Targets(Tensor Labels, Tensor? OtherLabels = null, double Share = 1)
{
    /// <summary>The class that most of each image is of, which accuracies are counted for.</summary>
    internal Tensor MainLabels => OtherLabels is null || Share >= 0.5 ? Labels : OtherLabels;

    /// <summary>The targets of some of the images.</summary>
    internal Targets Part(int start, int count) => new(Labels.narrow(0, start, count), OtherLabels?.narrow(0, start, count), Share);
}
