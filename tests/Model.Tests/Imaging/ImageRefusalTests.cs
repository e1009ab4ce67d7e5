using System.Buffers.Binary;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

/// <summary>What is not read is named, with what to do; what would take gigabytes or minutes is refused before it is decoded.</summary>
public class ImageRefusalTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden");

    public static TheoryData<byte[], string> Foreign => new()
    {
        { [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0], "a HEIC image, as phones save them, which is not read: convert it to JPEG or PNG" },
        { [0, 0, 0, 24, .. "ftypmif1"u8, 0, 0, 0, 0], "a HEIC image" },
        { [0, 0, 0, 24, .. "ftypavif"u8, 0, 0, 0, 0], "an AVIF image, which is not read: convert it" },
        { [0, 0, 0, 24, .. "ftypisom"u8, 0, 0, 0, 0], "a video (MP4, QuickTime)" },
        { [0, 0, 0, 24, .. "ftypcrx "u8, 0, 0, 0, 0], "a camera's raw file (CR3)" },
        { [0xFF, 0x0A, 0xFA, 0x7F], "a JPEG XL image" },
        { [0, 0, 0, 12, .. "JXL \r\n\u0087\n"u8], "a JPEG XL image" },
        { [0, 0, 0, 12, .. "jP  \r\n\u0087\n"u8], "a JPEG 2000 image" },
        { [.. "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\">"u8], "an SVG drawing, which is not read" },
        { [.. "%PDF-1.7\n"u8], "a PDF document" },
        { [.. "8BPS\0\u0001"u8], "a Photoshop document" },
        { [.. "II*\0\u0010\0\0\0CR\u0002\0"u8, .. new byte[40]], "a camera's raw file" },
        { [.. "FUJIFILMCCD-RAW 0201"u8], "a camera's raw file (RAF)" },
        { [.. "RIFF\0\0\0\0AVI LIST"u8], "a video (AVI)" },
        { [0x1A, 0x45, 0xDF, 0xA3], "a video (Matroska, WebM)" },
        { [.. "\n<!DOCTYPE html><html>404"u8], "a web page, not an image: the download of the image failed" },
        { [.. "Not found"u8], "a text, not an image" },
        { [.. "{\"error\": 404}"u8], "JSON, not an image" },
        { [.. "BM is how this text begins, and it goes on"u8], "a text, not an image" },
        { [0x1F, 0x8B, 8], "a gzip archive, not an image" },
        { [0, 5, 0x16, 7, 0, 2, 0, 0], "what macOS keeps beside one" },
        { [.. "version https://git-lfs.github.com/spec/v1\n"u8], "a pointer of Git LFS" },
        { new byte[100], "begins with zeros alone" },
        { [9, 8, 7, 6, 5], "not an image of a format that is read (JPEG, PNG, WebP, GIF, BMP, TIFF, PPM, PGM, PBM)" },
        { [], "the file is empty" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void FaultOf_NamesWhatIsNoImage(byte[] file, string expected) => Assert.Contains(expected, ImageDecoder.FaultOf(file), StringComparison.Ordinal);

    [Theory]
    [InlineData("rgb.png", "the PNG is truncated")]
    [InlineData("exif-orientation.jpg", "the JPEG ")]
    [InlineData("animated.webp", "the WebP is damaged or truncated")]
    [InlineData("animated.gif", "the GIF is truncated")]
    [InlineData("32-bit.bmp", "truncated")]
    public void FaultOf_TellsWhatIsCutOff(string file, string expected)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(Golden, file));
        Assert.Contains(expected, ImageDecoder.FaultOf(whole[..(whole.Length / 5)]), StringComparison.Ordinal);
    }

    /// <summary>libvips keeps one text of errors for the whole process: nothing of it is shown, or a PNG would be told to be a corrupt JPEG.</summary>
    [Fact]
    public void Decode_TellsOfNoOtherImage_ThatIsDecodedAtTheSameTime()
    {
        (byte[] Encoded, string Expected)[] images =
        [
            (CutOff("rgb.png"), "the PNG is damaged or truncated"),
            (CutOff("animated.webp"), "the WebP is damaged or truncated"),
        ];

        Parallel.For(0, 200, i =>
        {
            var fault = Assert.Throws<ImageException>(() => ImageDecoder.Decode(images[i % 2].Encoded, cancellation: TestContext.Current.CancellationToken));
            Assert.Equal(images[i % 2].Expected, fault.Message);
        });

        static byte[] CutOff(string file)
        {
            byte[] whole = File.ReadAllBytes(Path.Combine(Golden, file));
            return whole[..(whole.Length * 3 / 4)];
        }
    }

    /// <summary>It may miss what only decoding shows, and refuses nothing that can be decoded.</summary>
    [Fact]
    public void FaultOf_RefusesNothingThatIsDecoded()
    {
        int decodedCount = 0;
        foreach (string file in Directory.EnumerateFiles(Golden).Where(file => ImageDecoder.Extensions.Contains(Path.GetExtension(file).TrimStart('.'))))
        {
            byte[] encoded = File.ReadAllBytes(file);
            try
            {
                ImageDecoder.Decode(encoded, cancellation: TestContext.Current.CancellationToken).Dispose();
            }
            catch (ImageException)
            {
                continue;
            }
            decodedCount++;
            Assert.True(ImageDecoder.FaultOf(encoded) is null, file);
        }
        Assert.True(decodedCount > 50, $"{decodedCount}");
    }

    /// <summary>As Pillow writes them: Golden/foreign/foreign.py.</summary>
    [Theory]
    [InlineData("bilevel.msp", "a Microsoft Paint image (MSP)")]
    [InlineData("bilevel.xbm", "an X bitmap (XBM)")]
    [InlineData("colours.dds", "a DDS texture")]
    [InlineData("colours.dib", "a bitmap without its file header (DIB)")]
    [InlineData("colours.eps", "a PostScript document")]
    [InlineData("colours.ico", "a Windows icon (ICO)")]
    [InlineData("colours.im", "an IFUNC image (IM)")]
    [InlineData("colours.j2k", "a JPEG 2000 image")]
    [InlineData("colours.jp2", "a JPEG 2000 image")]
    [InlineData("colours.pcx", "a PCX image")]
    [InlineData("palette.pcx", "a PCX image")]
    [InlineData("colours.pdf", "a PDF document")]
    [InlineData("colours.sgi", "a Silicon Graphics image (SGI)")]
    [InlineData("colours.tga", "a Targa image (TGA)")]
    [InlineData("grey.tga", "a Targa image (TGA)")]
    [InlineData("palette.tga", "a Targa image (TGA)")]
    [InlineData("runs.tga", "a Targa image (TGA)")]
    [InlineData("palette.blp", "a BLP texture")]
    public void Decode_NamesTheFormat_OfWhatPillowWrites(string file, string expected) =>
        Assert.Equal($"{expected}, which is not read: convert it to JPEG or PNG", Reason(File.ReadAllBytes(Path.Combine(Golden, "foreign", file))));

    [Fact]
    public void Decode_TellsACursorFromATarga_WhichBeginsAsOneDoes()
    {
        byte[] icon = File.ReadAllBytes(Path.Combine(Golden, "foreign", "colours.ico"));
        icon[2] = 2;
        Assert.StartsWith("a Windows cursor (CUR)", Reason(icon), StringComparison.Ordinal);
    }

    /// <summary>The beginnings that their specifications give.</summary>
    public static TheoryData<byte[], string> Beginnings => new()
    {
        { [0x76, 0x2F, 0x31, 0x01, 2, 0, 0, 0], "an OpenEXR image" },
        { [.. "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n"u8], "a Radiance HDR image" },
        { [.. "#?RGBE\n"u8], "a Radiance HDR image" },
        { [.. "qoif\0\0\0\u0010\0\0\0\u0010\u0003\0"u8], "a QOI image" },
        { [.. "icns\0\0\u0001\0"u8], "an Apple icon (ICNS)" },
        { [.. new byte[128], .. "DICM"u8], "a DICOM file" },
        { [.. "SIMPLE  =                    T"u8], "a FITS file" },
        { [0x93, .. "NUMPY\u0001\0"u8], "a numpy array" },
        { [.. "gimp xcf v011\0"u8], "a GIMP document (XCF)" },
        { [.. "IIRO\u0008\0\0\0"u8], "a camera's raw file (ORF)" },
        { [.. "IIU\0\u0018\0\0\0"u8], "a camera's raw file (RW2)" },
        { [.. "FOVb\u0003\u0002\0\0"u8], "a camera's raw file (X3F)" },
        { [.. "\0MRM\0\0"u8], "a camera's raw file (MRW)" },
        { [0xC5, 0xD0, 0xD3, 0xC6, 0x20, 0, 0, 0], "a PostScript document" },
        { [0xD7, 0xCD, 0xC6, 0x9A, 0, 0], "a Windows metafile (WMF)" },
        { [1, 0, 0, 0, .. new byte[36], .. " EMF"u8], "a Windows metafile (EMF)" },
        { [0x59, 0xA6, 0x6A, 0x95, 0, 0, 0, 16], "a Sun raster image" },
        { [0x8A, .. "MNG\r\n\u001A\n"u8], "an animation (MNG)" },
        { [.. "II"u8, 0xBC, 1, 8, 0, 0, 0], "a JPEG XR image" },
        { [.. "BPG"u8, 0xFB, 0, 0], "a BPG image" },
        { [.. "FLIF41"u8], "a FLIF image" },
        { [.. "AT&TFORM\0\0\0\u0010DJVU"u8], "a DjVu document" },
        { [.. "P7\nWIDTH 4\n"u8], "a PAM image" },
        { [.. "PF\n4 4\n-1.0\n"u8], "a PFM image" },
        { [0xFF, 0x4F, 0xFF, 0x51, 0, 0x2F], "a JPEG 2000 image" },
        { [0, 0, 1, 0xBA, 0x44], "a video (MPEG)" },
        { [.. "FLV\u0001\u0005"u8], "a video (FLV)" },
        { [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "a video (WMV, ASF)" },
        { [.. "\0\0\0\u0020moov"u8], "a video (QuickTime)" },
        { [0, 0, 0, 28, .. "ftypmif1\0\0\0\0mif1avifmiaf"u8], "an AVIF image" },
        { [0x89, .. "HDF\r\n\u001A\n"u8], "an HDF5 file" },
    };

    [Theory]
    [MemberData(nameof(Beginnings))]
    public void Decode_NamesTheFormat_ByItsBeginning(byte[] file, string expected) =>
        Assert.Equal($"{expected}, which is not read: convert it to JPEG or PNG", Reason(file));

    [Fact]
    public void Decode_NamesArchivesAndPages()
    {
        Assert.StartsWith("a tar archive, not an image", Reason([.. Data.Tar.TarBytes.Member("a.jpg", [1]), .. Data.Tar.TarBytes.End]), StringComparison.Ordinal);
        Assert.StartsWith("a zstd archive, not an image", Reason([0x28, 0xB5, 0x2F, 0xFD, 4]), StringComparison.Ordinal);
        Assert.StartsWith("a web page, not an image", Reason([.. "<!-- saved from -->\n<head><title>404</title>"u8]), StringComparison.Ordinal);
        Assert.StartsWith("XML, not an image", Reason([.. "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"u8]), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Decode_NamesTheFormat_OfWhatIsNotRead(byte[] file, string expected) => Assert.Contains(expected, Reason(file), StringComparison.Ordinal);

    [Fact]
    public void Decode_TellsACamerasRawFile_FromTheTiffThatItLooksLike()
    {
        byte[] tiff = File.ReadAllBytes(Path.Combine(Golden, "little-endian.tif"));
        int directory = BitConverter.ToInt32(tiff, 4), orientationOrLast = directory + 2 + ((BitConverter.ToUInt16(tiff, directory) - 1) * 12);
        BinaryPrimitives.WriteUInt16LittleEndian(tiff.AsSpan(orientationOrLast), 50706); // DNGVersion, in place of a tag that is not needed

        Assert.Contains("a camera's raw file (DNG, NEF, CR2, ARW), which is not read", Reason(tiff), StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_RefusesAStripOfMillionsOfColumns_BeforeItDecodesARow() =>
        Assert.Contains("has a side of more than 1048576", Reason(Png(100_000_000, 1)), StringComparison.Ordinal);

    [Fact]
    public void Decode_RefusesAProgressiveJpeg_OfHundredsOfScans()
    {
        byte[] jpeg = File.ReadAllBytes(Path.Combine(Golden, "progressive.jpg"));
        int frame = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xC2]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 4000);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), 4000);
        byte[] scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 1];

        Assert.Matches("^the JPEG has [0-9]+ scans of 4000×4000, which would take minutes to decode", Reason([.. jpeg[..^2], .. Enumerable.Repeat(scan, 480).SelectMany(bytes => bytes), 0xFF, 0xD9]));
    }

    /// <summary>A few bytes in each of hundreds of scans: fewer pixels than above, and still minutes.</summary>
    [Theory]
    [InlineData(1000, 480, true)]
    [InlineData(700, 480, false)]
    [InlineData(12_000, 20, true)]
    [InlineData(12_000, 5, false)]
    public void Decode_BoundsTheWorkOfAllScansTogether(int side, int scanCount, bool isRefused)
    {
        byte[] jpeg = File.ReadAllBytes(Path.Combine(Golden, "progressive.jpg"));
        int frame = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xC2]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), (ushort)side);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), (ushort)side);
        int before = JpegHeader.Read(jpeg).ScanCount;
        byte[] scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 1];
        jpeg = [.. jpeg[..^2], .. Enumerable.Repeat(scan, Math.Max(0, scanCount - before)).SelectMany(bytes => bytes), 0xFF, 0xD9];

        // Whoever is not refused for its scans waits for memory, of which there is none.
        string reason = Assert.Throws<ImageException>(() => ImageDecoder.Decode(jpeg, DecodingLimits.Default with { Budget = new DecodingBudget(1) })).Message;
        Assert.Equal(isRefused, reason.Contains("which would take minutes", StringComparison.Ordinal));
    }

    /// <summary>Few bytes, not too many pixels, and rows of megabytes, of which decoders keep a thousand.</summary>
    [Theory]
    [InlineData(1 << 20, 170, 16, 6, 3565)]
    [InlineData(13_300, 13_300, 8, 2, 789)]
    public void Decode_CountsTheMemoryOfAPng_BeforeItDecodesARow(int width, int height, byte bits, byte colours, int megabytes)
    {
        byte[] png = Png(width, height, bits, colours);
        string reason = Assert.Throws<ImageException>(() => ImageDecoder.Decode(png, DecodingLimits.Default with { Budget = new DecodingBudget(337_000_000) })).Message;
        Assert.StartsWith($"the image is too large for this process: decoding it takes {megabytes} MB, and 337 MB are set aside for that. ", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(13_000, 13_000, 13_000, 13_000, "the GIF is truncated")]
    [InlineData(13_000, 13_000, 1, 1, "the GIF's canvas of 169000000 pixels is more than 16 times its frame")]
    public void Decode_RefusesAGifOfThirtyBytes_ThatClaimsAGigabyte(int width, int height, int frameWidth, int frameHeight, string expected)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        byte[] gif = [.. "GIF89a"u8, .. Word(width), .. Word(height), 0, 0, 0, (byte)',', 0, 0, 0, 0, .. Word(frameWidth), .. Word(frameHeight), 0, 2, 2, 0x44, 1, 0, (byte)';'];

        Assert.Contains(expected, Reason(gif), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1 << 20);
    }

    private static byte[] Word(int value) => BitConverter.GetBytes((ushort)value);

    private static byte[] Png(int width, int height, byte bits = 8, byte colours = 2)
    {
        byte[] png = File.ReadAllBytes(Path.Combine(Golden, "rgb.png"));
        (png[24], png[25]) = (bits, colours);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), System.IO.Hashing.Crc32.HashToUInt32(png.AsSpan(12, 17)));
        return png;
    }

    private static string Reason(byte[] file) => Assert.Throws<ImageException>(() => ImageDecoder.Decode(file)).Message;

    /// <summary>libvips decodes what is there of the strips, and takes YCbCr for RGB where it is not JPEG's.</summary>
    [Theory]
    [InlineData(2, 0, null)]
    [InlineData(2, 1, "a part of its picture lies outside the file")]
    [InlineData(2, 100, "a part of its picture lies outside the file")]
    [InlineData(6, 0, "YCbCr colours that are not JPEG")]
    public void Decode_RefusesTiffsThatWouldGetWrongPixels(ushort colours, int missingBytes, string? expected)
    {
        byte[] tiff = Tiff(8, 8, colours);
        Exception? refused = Record.Exception(() => ImageDecoder.Decode(tiff[..^missingBytes], cancellation: TestContext.Current.CancellationToken).Dispose());
        if (expected is null)
            Assert.Null(refused);
        else
            Assert.Contains(expected, Assert.IsType<ImageException>(refused).Message, StringComparison.Ordinal);
    }

    // One strip of three bytes a pixel behind the directory, as Pillow writes it.
    private static byte[] Tiff(ushort width, ushort height, ushort colours)
    {
        (ushort Tag, ushort Type, uint Value)[] entries =
        [
            (256, 3, width), (257, 3, height), (258, 3, 8), (259, 3, 1), (262, 3, colours), (273, 4, 8 + 2 + (9 * 12) + 4),
            (277, 3, 3), (278, 3, height), (279, 4, (uint)(width * height * 3)),
        ];
        using var tiff = new MemoryStream();
        using var writer = new BinaryWriter(tiff);
        writer.Write("II*\0"u8);
        writer.Write(8u);
        writer.Write((ushort)entries.Length);
        foreach ((ushort tag, ushort type, uint value) in entries)
        {
            writer.Write(tag);
            writer.Write(type);
            writer.Write(1u);
            writer.Write(value);
        }
        writer.Write(0u);
        writer.Write(new byte[width * height * 3]);
        return tiff.ToArray();
    }
}
