using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>
/// Values [B, H, W, C] float32 in native memory, channels innermost. Each pixel has room for a multiple of eight channels, whose surplus holds
/// zeros; a bordered map has zeros around each image, wide enough for 3×3 convolutions and whole tiles of Winograd's.
/// </summary>
internal sealed unsafe class FeatureMap : IDisposable
{
    private const int Tile = 4;

    private float* _values;

    /// <summary>Room for values, all of them zero.</summary>
    /// <param name="shape">Without the number of images.</param>
    /// <param name="capacity">The most images.</param>
    internal FeatureMap(FeatureMapShape shape, int capacity)
    {
        (Shape, Capacity) = (shape, capacity);
        PixelStride = shape.IsImage ? shape.Channels : Blocks.PaddedChannels(shape.Channels);
        RowStride = (nint)PixelStride * (shape.IsBordered ? RoundUp(shape.Width, Tile) + 2 : shape.Width);
        ImageStride = RowStride * (shape.IsBordered ? RoundUp(shape.Height, Tile) + 2 : shape.Height);
        nuint bytes = (nuint)(ImageStride * capacity * sizeof(float));
        _values = (float*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(_values, bytes);
    }

    internal FeatureMapShape Shape { get; }

    /// <summary>The most images that it has room for.</summary>
    internal int Capacity { get; }

    /// <summary>How many images it holds.</summary>
    internal int Count { get; set; }

    internal int Height => Shape.Height;

    internal int Width => Shape.Width;

    internal int Channels => Shape.Channels;

    /// <summary>Floats from a pixel to its right neighbour.</summary>
    internal int PixelStride { get; }

    /// <summary>Floats from a pixel to the one below.</summary>
    internal nint RowStride { get; }

    /// <summary>Floats from an image to the next.</summary>
    internal nint ImageStride { get; }

    /// <summary>The border's first value of an image, or its first pixel where there is no border.</summary>
    internal float* Image(int image) => _values + image * ImageStride;

    /// <summary>The first channel of a pixel.</summary>
    internal float* Pixel(int image, int y, int x) => Image(image) + (Shape.IsBordered ? (y + 1) * RowStride + (nint)(x + 1) * PixelStride : y * RowStride + (nint)x * PixelStride);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_values);
        _values = null;
        GC.SuppressFinalize(this);
    }

    ~FeatureMap() => NativeMemory.AlignedFree(_values);

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}

/// <summary>What a feature map's memory looks like.</summary>
/// <param name="Height">Pixels.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Channels">Of each pixel.</param>
/// <param name="IsBordered">Whether zeros lie around each image.</param>
/// <param name="IsImage">Whether it is the network's input, whose three channels are not padded.</param>
internal readonly record struct FeatureMapShape(int Height, int Width, int Channels, bool IsBordered = true, bool IsImage = false);
