using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Imaging;

/// <summary>The system's libturbojpeg, where there is one: the fastest JPEG decoder whose pixels equal PIL's.</summary>
internal static unsafe class TurboJpeg
{
    // Constants of turbojpeg.h.
    private const int PixelFormatRgbx = 2;
    private const int PixelFormatCmyk = 11;
    private const int FlagLimitScans = 32768;
    private const int ErrorIsWarning = 0;

    private static readonly string[] LibraryNames =
        ["libturbojpeg.so.0", "libturbojpeg.so", "libturbojpeg.0.dylib", "libturbojpeg.dylib", "turbojpeg.dll"];

    private static readonly nint Library = Find();
    private static readonly delegate* unmanaged<nint> InitDecompress
        = (delegate* unmanaged<nint>)Export("tjInitDecompress");
    private static readonly delegate* unmanaged<nint, int> Destroy
        = (delegate* unmanaged<nint, int>)Export("tjDestroy");
    private static readonly delegate* unmanaged<nint, byte*, CULong, int*, int*, int*, int*, int> DecompressHeader
        = (delegate* unmanaged<nint, byte*, CULong, int*, int*, int*, int*, int>)Export("tjDecompressHeader3");
    private static readonly delegate* unmanaged<nint, byte*, CULong, byte*, int, int, int, int, int, int> Decompress
        = (delegate* unmanaged<nint, byte*, CULong, byte*, int, int, int, int, int, int>)Export("tjDecompress2");
    private static readonly delegate* unmanaged<nint, byte*> ErrorText
        = (delegate* unmanaged<nint, byte*>)Export("tjGetErrorStr2");
    private static readonly delegate* unmanaged<nint, int> ErrorCode
        = (delegate* unmanaged<nint, int>)Export("tjGetErrorCode");

    /// <summary>Whether the library was found with every function used here.</summary>
    public static bool IsAvailable { get; }
        = InitDecompress != null && Destroy != null && DecompressHeader != null && Decompress != null && ErrorText != null && ErrorCode != null;

    /// <summary>Decodes, or returns null for the rare layouts that this library does not know (the other decoder does).</summary>
    /// <exception cref="ImageException">The data is damaged beyond what PIL accepts.</exception>
    public static RgbImage? Decode(ReadOnlySpan<byte> jpeg, JpegHeader header)
    {
        nint handle = InitDecompress();
        if (handle == 0)
            return null;
        try
        {
            fixed (byte* data = jpeg)
            {
                int width, height, subsampling, colorSpace;
                var size = new CULong((nuint)jpeg.Length);
                // Trusting our own reading of the size alone would let a crafted file write past the buffer.
                if (DecompressHeader(handle, data, size, &width, &height, &subsampling, &colorSpace) != 0
                    || width != header.Width || height != header.Height)
                    return null;
                var image = new RgbImage(width, height);
                fixed (byte* pixels = image.Pixels)
                {
                    int format = header.ComponentCount == 4 ? PixelFormatCmyk : PixelFormatRgbx;
                    // Warnings (bytes between segments, bad codes) are what PIL never hears of: it takes what libjpeg made of them.
                    if (Decompress(handle, data, size, pixels, width, image.Stride, height, format, FlagLimitScans) != 0
                        && ErrorCode(handle) != ErrorIsWarning)
                    {
                        image.Dispose();
                        throw new ImageException($"the JPEG is damaged: {Marshal.PtrToStringUTF8((nint)ErrorText(handle))}");
                    }
                }
                if (header.ComponentCount == 4)
                    PixelLayouts.CmykToRgb(image.Pixels, inverted: true);
                return image;
            }
        }
        finally
        {
            _ = Destroy(handle);
        }
    }

    private static nint Find()
    {
        foreach (string name in LibraryNames)
            if (NativeLibrary.TryLoad(name, out nint library))
                return library;
        return 0;
    }

    private static nint Export(string name)
        => Library != 0 && NativeLibrary.TryGetExport(Library, name, out nint address) ? address : 0;
}
