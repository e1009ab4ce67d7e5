using static TorchSharp.torch;

namespace HrNetBatch.Model.Data;

/// <summary>A batch on the CPU; whoever receives it disposes it.</summary>
public sealed class Batch : IDisposable
{
    private readonly Tensor _storage;

    internal Batch(Tensor storage, Tensor images, Tensor labels, IReadOnlyList<SampleName> samples, IReadOnlyList<byte[]> encodedImages, long cursor)
    {
        _storage = storage;
        Images = images;
        Labels = labels;
        (Samples, EncodedImages) = (samples, encodedImages);
        Cursor = cursor;
    }

    /// <summary>A batch of what is in memory already; it owns both tensors from now on.</summary>
    /// <param name="images">[B, 3, H, W] float32, RGB, normalised.</param>
    /// <param name="labels">[B] int64, class indices.</param>
    public static Batch Of(Tensor images, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(images);
        var samples = new SampleName[images.shape[0]];
        Array.Fill(samples, new SampleName("", ""));
        return new Batch(images, images.alias(), labels, samples, [], samples.Length);
    }

    /// <summary>[B, 3, H, W] float32, RGB, normalised.</summary>
    public Tensor Images { get; }

    /// <summary>[B] int64, class indices; -1 where a sample has none and <see cref="BatchLoaderOptions.RequiresLabels"/> is false.</summary>
    public Tensor Labels { get; }

    /// <summary>Where each image came from.</summary>
    public IReadOnlyList<SampleName> Samples { get; }

    /// <summary>Each image as it was stored, a JPEG for example; empty unless <see cref="BatchLoaderOptions.KeepsEncodedImages"/>.</summary>
    public IReadOnlyList<byte[]> EncodedImages { get; }

    /// <summary>Number of images: the batch size, less what was skipped, less at the end of an epoch.</summary>
    public int Count => Samples.Count;

    /// <summary>Samples of the epoch consumed up to and with this batch, skipped ones included: where a resumed run goes on.</summary>
    public long Cursor { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
        _storage.Dispose();
    }
}
