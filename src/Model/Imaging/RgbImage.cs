using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Decoded pixels, 8 bits a channel, four bytes a pixel (red, green, blue, unspecified) so that SIMD takes whole pixels.
/// The buffer of all but large images is rented: dispose the image to give it back.
/// </summary>
public sealed class RgbImage : IDisposable
{
    internal const int BytesPerPixel = 4;

    /// <summary>Bytes behind the last pixel that may be read (never meaningful), so that wide loads need no special last pixel.</summary>
    internal const int TailBytes = 64;

    // The pool rounds up to a power of two and keeps what it got: of a large image that would be a second one.
    private const int PooledBytes = 32 * 1024 * 1024;

    // A garbage collection costs little beside the decoding of so much, and until one comes the memory is not free, whatever the budget says.
    private const int HugeBytes = 256 * 1024 * 1024;

    private byte[]? _pixels;

    /// <summary>Takes room for an image of the given size; its content is undefined.</summary>
    public RgbImage(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Width = width;
        Height = height;
        int bytes = checked((int)BytesOf(width, height));
        _pixels = bytes <= PooledBytes ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes);
    }

    /// <summary>What the pixels of an image take.</summary>
    internal static long BytesOf(int width, int height) => ((long)width * height * BytesPerPixel) + TailBytes;

    /// <summary>What it takes.</summary>
    internal long Bytes => BytesOf(Width, Height);

    /// <summary>What it holds of the memory for decoding; null where nobody counts.</summary>
    internal Admission? Admission { get; set; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Bytes from one row to the next.</summary>
    internal int Stride => Width * BytesPerPixel;

    /// <summary>All rows, top to bottom, without gaps; <see cref="TailBytes"/> more bytes behind them may be read.</summary>
    internal Span<byte> Pixels => PixelsAndTail[..(Stride * Height)];

    /// <summary>The pixels and the bytes behind them.</summary>
    internal Span<byte> PixelsAndTail
        => (_pixels ?? throw new ObjectDisposedException(nameof(RgbImage))).AsSpan(0, (Stride * Height) + TailBytes);

    /// <summary>Mirrors every row in place.</summary>
    internal void Mirror()
    {
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(Pixels);
        for (int row = 0; row < Height; row++)
            pixels.Slice(row * Width, Width).Reverse();
    }

    /// <summary>The pixels of some rows.</summary>
    internal Span<byte> Rows(int first, int count) => Pixels.Slice(first * Stride, count * Stride);

    /// <summary>Copies the pixels as plain RGB: [H, W, 3] bytes.</summary>
    /// <param name="rgb">At least 3 × width × height bytes.</param>
    public void CopyRgbTo(Span<byte> rgb)
    {
        ReadOnlySpan<byte> pixels = Pixels;
        for (int source = 0, target = 0; source < pixels.Length; source += BytesPerPixel, target += 3)
        {
            rgb[target] = pixels[source];
            rgb[target + 1] = pixels[source + 1];
            rgb[target + 2] = pixels[source + 2];
        }
    }

    /// <summary>Makes an image of plain RGB bytes, [H, W, 3].</summary>
    public static RgbImage FromRgb(ReadOnlySpan<byte> rgb, int width, int height)
    {
        var image = new RgbImage(width, height);
        PixelLayouts.Unpack(rgb, bandCount: 3, image.Pixels);
        return image;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (GiveBack() >= HugeBytes)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Admission?.Release();
    }

    // A method of its own, so that nothing on the stack holds the pixels when they are collected.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int GiveBack()
    {
        byte[] pixels = Interlocked.Exchange(ref _pixels, null) ?? [];
        if (pixels.Length is > 0 and <= PooledBytes)
            ArrayPool<byte>.Shared.Return(pixels);
        return pixels.Length;
    }
}
