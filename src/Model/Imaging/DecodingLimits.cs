namespace HrNetBatch.Model.Imaging;

/// <summary>What a decoder must keep to.</summary>
/// <param name="PixelLimit">Images of more pixels than this are refused before they are decoded.</param>
/// <param name="Budget">Where the memory comes from.</param>
/// <param name="Cancellation">Gives up waiting for memory.</param>
internal readonly record struct DecodingLimits(long PixelLimit, DecodingBudget Budget, CancellationToken Cancellation)
{
    /// <summary>The usual ones.</summary>
    public static DecodingLimits Default => new(ImageDecoder.DefaultPixelLimit, DecodingBudget.OfProcess, CancellationToken.None);

    /// <summary>Refuses decompression bombs.</summary>
    /// <exception cref="ImageException">The size is none, or too large.</exception>
    public void CheckSize(long width, long height)
    {
        if (width <= 0 || height <= 0)
            throw new ImageException($"the image is empty: {width}×{height}");
        if (Math.Max(width, height) > ImageDecoder.LongestSide)
            throw new ImageException($"the image is too large: {width}×{height} has a side of more than {ImageDecoder.LongestSide}");
        if (width * height > PixelLimit)
            throw new ImageException($"the image is too large: {width}×{height} is more than {PixelLimit} pixels");
    }

    /// <summary>Checks the size, and takes the memory for the pixels and for what the decoder holds besides.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="decoderBytes">What the decoder takes at most, besides the pixels.</param>
    /// <exception cref="ImageException">The size is none, too large, or needs more memory than there is for decoding.</exception>
    public Admission Admit(int width, int height, long decoderBytes)
    {
        CheckSize(width, height);
        return Budget.Admit(RgbImage.BytesOf(width, height) + decoderBytes, Cancellation);
    }
}
