using static TorchSharp.torch;

namespace HrNetBatch.Model.Data;

/// <summary>A batch on the CPU; whoever receives it disposes it.</summary>
public sealed class Batch : IDisposable
{
    private readonly Tensor _storage;

    internal Batch(Tensor storage, Tensor images, Tensor labels, IReadOnlyList<string> keys, long cursor)
    {
        _storage = storage;
        Images = images;
        Labels = labels;
        Keys = keys;
        Cursor = cursor;
    }

    /// <summary>A batch of what is in memory already; it owns both tensors from now on.</summary>
    /// <param name="images">[B, 3, H, W] float32, RGB, normalised.</param>
    /// <param name="labels">[B] int64, class indices.</param>
    public static Batch Of(Tensor images, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(images);
        string[] keys = new string[images.shape[0]];
        Array.Fill(keys, "");
        return new Batch(images, images.alias(), labels, keys, keys.Length);
    }

    /// <summary>[B, 3, H, W] float32, RGB, normalised.</summary>
    public Tensor Images { get; }

    /// <summary>[B] int64, class indices.</summary>
    public Tensor Labels { get; }

    /// <summary>Key of each sample.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Number of images: the batch size, less what was skipped, less at the end of an epoch.</summary>
    public int Count => Keys.Count;

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
