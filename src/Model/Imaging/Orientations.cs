using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Imaging;

/// <summary>EXIF's eight orientations.</summary>
internal static class Orientations
{
    /// <summary>The picture as it is meant to be seen; takes the given image over, and returns it where it stands right.</summary>
    public static RgbImage Turn(RgbImage image, int orientation)
    {
        if (orientation is < 2 or > 8)
            return image;
        using (image)
        {
            bool isOnItsSide = orientation >= 5;
            var turned = isOnItsSide ? new RgbImage(image.Height, image.Width) : new RgbImage(image.Width, image.Height);
            ReadOnlySpan<uint> from = MemoryMarshal.Cast<byte, uint>(image.Pixels);
            Span<uint> to = MemoryMarshal.Cast<byte, uint>(turned.Pixels);
            for (int row = 0; row < turned.Height; row++)
                for (int column = 0; column < turned.Width; column++)
                {
                    (int x, int y) = isOnItsSide ? (row, column) : (column, row);
                    if (orientation is 2 or 3 or 7 or 8)
                        x = image.Width - 1 - x;
                    if (orientation is 3 or 4 or 6 or 7)
                        y = image.Height - 1 - y;
                    to[(row * turned.Width) + column] = from[(y * image.Width) + x];
                }
            return turned;
        }
    }
}
