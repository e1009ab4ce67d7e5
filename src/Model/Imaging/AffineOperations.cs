using System.Buffers;
using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// torchvision's affine and rotate on PIL images with the nearest pixel, bit for bit: libImaging's 16.16 fixed-point walk
/// over the output. What comes from outside the image is black.
/// </summary>
internal static class AffineOperations
{
    /// <summary>Shears along the rows, the top row fixed: the row y is moved to the left by slope × y.</summary>
    public static void ShearX(RgbImage image, double slope)
        => Transform(image, [1, Tangent(slope), 0, 0, 1, 0]);

    /// <summary>Shears along the columns, the left column fixed.</summary>
    public static void ShearY(RgbImage image, double slope)
        => Transform(image, [1, 0, 0, Tangent(slope), 1, 0]);

    /// <summary>Moves the image by whole pixels, to the right and down where positive.</summary>
    public static void Translate(RgbImage image, int right, int down)
        => Transform(image, [1, 0, -right, 0, 1, -down]);

    /// <summary>Rotates counter-clockwise about the centre, by an angle in degrees.</summary>
    public static void Rotate(RgbImage image, double degrees)
    {
        if (degrees == 0)
            return;
        double angle = -(((degrees % 360) + 360) % 360) * (Math.PI / 180);
        // PIL.Image.rotate rounds to 15 decimals.
        double cosine = Math.Round(Math.Cos(angle), 15), sine = Math.Round(Math.Sin(angle), 15);
        double x = image.Width / 2.0, y = image.Height / 2.0;
        Transform(image, [cosine, sine, (cosine * -x) + (sine * -y) + x, -sine, cosine, (-sine * -x) + (cosine * -y) + y]);
    }

    // Over the angle and back, as torchvision does.
    private static double Tangent(double slope) => Math.Tan(Math.Atan(slope) * (180 / Math.PI) * (Math.PI / 180));

    // matrix: from the middle of an output pixel to a place in the input, x then y: [a, b, c, d, e, f] with x' = a·x + b·y + c.
    private static void Transform(RgbImage image, ReadOnlySpan<double> matrix)
    {
        int width = image.Width, height = image.Height;
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(image.Pixels);
        uint[] copy = ArrayPool<uint>.Shared.Rent(pixels.Length);
        try
        {
            pixels.CopyTo(copy);
            ReadOnlySpan<uint> source = copy.AsSpan(0, pixels.Length);
            int stepX = Fixed(matrix[0]), rowX = Fixed(matrix[1]), stepY = Fixed(matrix[3]), rowY = Fixed(matrix[4]);
            int startX = Fixed(matrix[2] + (matrix[0] * 0.5) + (matrix[1] * 0.5));
            int startY = Fixed(matrix[5] + (matrix[3] * 0.5) + (matrix[4] * 0.5));
            for (int row = 0; row < height; row++, startX += rowX, startY += rowY)
            {
                Span<uint> target = pixels.Slice(row * width, width);
                (int x, int y) = (startX, startY);
                for (int column = 0; column < width; column++, x += stepX, y += stepY)
                {
                    (int fromX, int fromY) = (x >> 16, y >> 16);
                    target[column] = (uint)fromX < (uint)width && (uint)fromY < (uint)height ? source[(fromY * width) + fromX] : 0;
                }
            }
        }
        finally
        {
            ArrayPool<uint>.Shared.Return(copy);
        }
    }

    private static int Fixed(double value) => (int)Math.Floor((value * 65536.0) + 0.5);
}
