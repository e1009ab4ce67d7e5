using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

public class PilResizeTests
{
    [Theory]
    [InlineData(256)]
    [InlineData(128)]
    public void Resize_GivesTheSamePixels_WithNarrowerVectors(int vectorBits)
    {
        Assert.SkipWhen(vectorBits > ResizeKernels.WidestVectorBits, $"this machine has no {vectorBits}-bit vectors");
        for (int index = 0; index < 200; index++)
        {
            SplitMix64 random = SplitMix64.For(vectorBits, index);
            int width = 1 + random.NextInt(90), height = 1 + random.NextInt(90);
            int outWidth = 1 + random.NextInt(90), outHeight = 1 + random.NextInt(90);
            var window = new PixelBox(outWidth / 3, outHeight / 4, Math.Max(outWidth / 2, 1), Math.Max(outHeight / 2, 1));
            using var image = new RgbImage(width, height);
            for (int at = 0; at < image.Pixels.Length; at++)
                image.Pixels[at] = (byte)random.NextInt(256);
            var box = new PixelBox(0, 0, width, height);
            int length = 4 * window.Width * window.Height;
            var wide = new byte[length + RgbImage.TailBytes];
            var narrow = new byte[wide.Length];
            PilResize.Resize(image, box, outWidth, outHeight, window, wide);
            PilResize.Resize(image, box, outWidth, outHeight, window, narrow, vectorBits);
            Assert.Equal(wide[..length], narrow[..length]);
        }
    }
}
