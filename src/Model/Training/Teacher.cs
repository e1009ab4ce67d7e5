using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Inference;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>A trained network whose answers another one learns; folded, because it only ever infers.</summary>
internal sealed class Teacher(HrNet network, TrainingOptions options) : IDisposable
{
    private readonly Lock _folding = new();
    private FoldedHrNet? _folded;

    /// <summary>What the teacher says of images.</summary>
    /// <param name="images_BCHW">[B, 3, H, W] float32, on the device of the teacher.</param>
    /// <returns>[B, classes] float32 logits without gradients, which the caller disposes.</returns>
    internal Tensor Answer(Tensor images_BCHW)
    {
        // Laid out for a full micro-batch whatever comes first: a run that resumes with the small last batch must compute as before.
        lock (_folding)   // several micro-batches may ask at once
        {
            _folded ??= new FoldedHrNet(
                network.state_dict(), network.Architecture, [MicroBatches.Of(options, options.BatchSize, leastCount: 1)[0].Count, .. images_BCHW.shape[1..]], images_BCHW.device);
        }
        return _folded.Forward(images_BCHW);
    }

    /// <summary>Frees the folded copy; the network is the caller's.</summary>
    public void Dispose() => _folded?.Dispose();
}
