using System.Text.Json;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

public class PreprocessingTests
{
    [Theory]
    [InlineData(500, 375, 256, 341, 256)]
    [InlineData(375, 500, 256, 256, 341)]
    [InlineData(300, 300, 73, 73, 73)]
    [InlineData(1, 3000, 256, 256, 768000)]
    public void ResizeShortSide_TruncatesTheLongSide(int width, int height, int shortSide, int expectedWidth, int expectedHeight)
        => Assert.Equal((expectedWidth, expectedHeight), CropGeometry.ResizeShortSide(width, height, shortSide));

    [Fact]
    public void ResizeShortSide_RefusesAStripThatWouldBecomeBillionsOfPixels()
        => Assert.Contains("too narrow", Assert.Throws<ImageException>(() => CropGeometry.ResizeShortSide(1, 65_000_000, 256)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(341, 224, 58, 224, 0)] // 58.5 rounds to even
    [InlineData(343, 224, 60, 224, 0)] // 59.5 too
    [InlineData(100, 223, 0, 100, 61)]
    public void CenterCrop_RoundsAsPythonDoes(int size, int crop, int start, int count, int offset)
        => Assert.Equal((start, count, offset), CropGeometry.CenterCrop(size, crop));

    [Fact]
    public void Augment_IsAFunctionOfSeedEpochAndIndex()
    {
        using RgbImage image = Gradient(60, 40);
        float[] Augmented(long seed, long epoch, long index)
        {
            var chw = new float[Preprocessing.FloatCount(32)];
            SplitMix64 random = SplitMix64.For(seed, epoch, index);
            Preprocessing.Augment(image, 32, ref random, chw);
            return chw;
        }
        Assert.Equal(Augmented(1, 2, 3), Augmented(1, 2, 3));
        Assert.NotEqual(Augmented(1, 2, 3), Augmented(1, 3, 2));
        Assert.NotEqual(Augmented(1, 2, 3), Augmented(1, 2, 4));
    }

    [Fact]
    public void Augment_IsACropAndAMirrorAndNothingElse_UnlessAskedForMore()
    {
        using RgbImage image = Gradient(60, 40);
        for (int index = 0; index < 8; index++)
        {
            var expected = new float[Preprocessing.FloatCount(32)];
            SplitMix64 random = SplitMix64.For(4, index);
            PixelBox box = CropGeometry.RandomResizedCrop(image.Width, image.Height, ref random);
            Preprocessing.Crop(image, box, 32, mirrored: random.NextDouble() < 0.5, expected);
            ulong next = random.Next();

            var actual = new float[Preprocessing.FloatCount(32)];
            random = SplitMix64.For(4, index);
            Preprocessing.Augment(image, 32, ref random, actual);
            Assert.Equal(expected, actual);
            Assert.Equal(next, random.Next());
        }
    }

    [Fact]
    public void Crop_Mirrored_IsTheMirrorImage()
    {
        using RgbImage image = Gradient(50, 50);
        var plain = new float[Preprocessing.FloatCount(32)];
        var mirrored = new float[Preprocessing.FloatCount(32)];
        var box = new PixelBox(3, 4, 40, 41);
        Preprocessing.Crop(image, box, 32, mirrored: false, plain);
        Preprocessing.Crop(image, box, 32, mirrored: true, mirrored);
        Assert.Equal(plain, mirrored.Chunk(32).SelectMany(row => row.Reverse()));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 400)]
    [InlineData(400, 3)]
    [InlineData(500, 375)]
    public void RandomResizedCrop_StaysInside_WhateverIsDrawn(int width, int height)
    {
        for (int index = 0; index < 2000; index++)
        {
            SplitMix64 random = SplitMix64.For(7, index);
            PixelBox box = CropGeometry.RandomResizedCrop(width, height, ref random);
            Assert.True(box.Width >= 1 && box.Height >= 1 && box.Left >= 0 && box.Top >= 0, $"{box}");
            Assert.True(box.Left + box.Width <= width && box.Top + box.Height <= height, $"{box}");
        }
    }

    [Fact]
    public void RandomResizedCrop_IsTorchvisions_GivenTheSameRandomNumbers()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden", "crop-boxes.json");
        using JsonDocument boxes = JsonDocument.Parse(File.ReadAllBytes(file));
        foreach (JsonElement expected in boxes.RootElement.EnumerateArray())
        {
            SplitMix64 random = SplitMix64.For([.. Numbers("name").Select(number => (long)number)]);
            int[] box = Numbers("box");
            Assert.Equal(
                new PixelBox(box[0], box[1], box[2], box[3]),
                CropGeometry.RandomResizedCrop(expected.GetProperty("width").GetInt32(), expected.GetProperty("height").GetInt32(), ref random));

            int[] Numbers(string name) => [.. expected.GetProperty(name).EnumerateArray().Select(number => number.GetInt32())];
        }
    }

    [Fact]
    public void SplitMix64_GivesThePublishedSequence()
    {
        // The reference implementation's first outputs for state 1234567 (Vigna, splitmix64.c).
        SplitMix64 random = SplitMix64.FromState(1234567);
        Assert.Equal(6457827717110365317UL, random.Next());
        Assert.Equal(3203168211198807973UL, random.Next());
        Assert.Equal(9817491932198370423UL, random.Next());
    }

    [Fact]
    public void Evaluate_RefusesABufferOfAnotherSize()
    {
        using RgbImage image = Gradient(4, 4);
        Assert.Throws<ArgumentException>(() => Preprocessing.Evaluate(image, 32, new float[100]));
    }

    private static RgbImage Gradient(int width, int height)
    {
        var rgb = new byte[3 * width * height];
        for (int at = 0; at < rgb.Length; at++)
            rgb[at] = (byte)(at * 7);
        return RgbImage.FromRgb(rgb, width, height);
    }
}
