namespace HrNetBatch.Model.Imaging;

/// <summary>What an image holds of a <see cref="DecodingBudget"/>: first for its decoding, then for its pixels, until it is disposed.</summary>
internal sealed class Admission(DecodingBudget budget, long bytes) : IDisposable
{
    private long _bytes = bytes;
    private bool _isHandedOver;

    /// <summary>Gives back what only the decoding took; the rest goes with the image.</summary>
    public RgbImage HandOver(RgbImage image)
    {
        Shrink(image.Bytes);
        _isHandedOver = true;
        image.Admission = this;
        return image;
    }

    /// <summary>Gives back what the image held.</summary>
    public void Release() => Shrink(0);

    /// <summary>Gives all back, unless an image has it now.</summary>
    public void Dispose()
    {
        if (!_isHandedOver)
            Release();
    }

    private void Shrink(long bytes)
    {
        long before = Interlocked.Exchange(ref _bytes, bytes);
        if (before != bytes)
            budget.Return(before - bytes);
    }
}
