using NetVips;

namespace HrNetBatch.Model.Imaging;

/// <summary>An encoded image as <see cref="Vips"/> reads it.</summary>
/// <param name="Format">Its name, for messages.</param>
/// <param name="Open">Reads its header; the caller disposes.</param>
/// <param name="Unpack">Turns its samples into pixels.</param>
internal sealed record VipsSource(string Format, Func<Image> Open, Vips.StripUnpacker Unpack)
{
    /// <summary>The size that was found in its header already; null: not looked at.</summary>
    public (int Width, int Height)? Size { get; init; }

    /// <summary>What the decoder takes at most, besides the pixels.</summary>
    public required Func<Image, long> DecoderBytes { get; init; }
}
