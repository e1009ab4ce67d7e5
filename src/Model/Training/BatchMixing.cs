using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

// B batch, H height, W width

/// <summary>
/// CutMix and Mixup as torchvision does them (transforms/v2/_augment.py): each image is mixed with the one before it in the batch, whose order
/// is random already. What is drawn depends on the seed and the step alone, so a resumed run draws the same.
/// </summary>
internal static class BatchMixing
{
    private const long Stream = 0x6d_69_78;   // "mix": apart from the streams that augment samples

    /// <summary>Mixes a batch, or leaves it as it is, as the options and the step's random numbers have it.</summary>
    /// <param name="options">Strengths and probability.</param>
    /// <param name="step">Which optimizer step it is, from 0.</param>
    /// <param name="images_BCHW">[B, 3, H, W] float32; overwritten where a box is cut.</param>
    /// <param name="labels_B">[B] int64.</param>
    internal static (Tensor Images, Targets Targets) Apply(TrainingOptions options, long step, Tensor images_BCHW, Tensor labels_B)
    {
        (double cutMix, double mixup) = (options.CutMixAlpha, options.MixupAlpha);
        var random = SplitMix64.For(options.Seed, step, Stream);
        if (cutMix == 0 && mixup == 0 || random.NextDouble() >= options.MixProbability)
            return (images_BCHW, new Targets(labels_B));

        bool cuts = mixup == 0 || cutMix != 0 && random.NextDouble() < 0.5;
        double share = Beta.Draw(cuts ? cutMix : mixup, ref random);
        Tensor others_BCHW = images_BCHW.roll([1], [0]), otherLabels_B = labels_B.roll([1], [0]);
        if (!cuts)
            return (images_BCHW.Scale(share).Add(others_BCHW, 1 - share), new Targets(labels_B, otherLabels_B, share));

        (int height, int width) = ((int)images_BCHW.shape[2], (int)images_BCHW.shape[3]);
        PixelBox box = Box(share, height, width, ref random);
        if (box.Width > 0 && box.Height > 0)
            Cut(images_BCHW, box).copy_(Cut(others_BCHW, box));
        return (images_BCHW, new Targets(labels_B, otherLabels_B, 1 - (double)(box.Width * box.Height) / (width * height)));
    }

    // Around a centre anywhere in the image, as large as the share asks for, less what falls outside.
    private static PixelBox Box(double share, int height, int width, ref SplitMix64 random)
    {
        (int x, int y) = (random.NextInt(width), random.NextInt(height));
        double half = 0.5 * Math.Sqrt(1 - share);
        (int halfWidth, int halfHeight) = ((int)(half * width), (int)(half * height));
        (int left, int top) = (Math.Max(x - halfWidth, 0), Math.Max(y - halfHeight, 0));
        return new PixelBox(left, top, Math.Min(x + halfWidth, width) - left, Math.Min(y + halfHeight, height) - top);
    }

    private static Tensor Cut(Tensor images_BCHW, PixelBox box) => images_BCHW.narrow(2, box.Top, box.Height).narrow(3, box.Left, box.Width);
}
