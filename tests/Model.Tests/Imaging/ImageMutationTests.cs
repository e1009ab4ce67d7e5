using System.Diagnostics;
using HrNetBatch.Model.Imaging;
using HrNetBatch.TestKit;

namespace HrNetBatch.Model.Tests.Imaging;

/// <summary>Damaged images of every format: pixels, or one short reason, in bounded time and memory.</summary>
public class ImageMutationTests
{
    private const int MutationCount = 1500;
    private const long PixelLimit = 4_000_000;
    private const long LargestAllocation = 128 << 20;
    private static readonly TimeSpan LongestDecoding = TimeSpan.FromSeconds(20);
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden");

    public static TheoryData<string> Extensions => [.. ImageDecoder.Extensions.Where(extension => Files(extension).Length > 0)];

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Decode_GivesPixelsOrAReason_WhateverIsDamaged(string extension)
    {
        int readCount = 0;
        foreach (Mutation mutation in Mutations.Of(Files(extension), MutationCount, seed: 11))
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            try
            {
                using RgbImage image = ImageDecoder.Decode(mutation.Bytes, PixelLimit, TestContext.Current.CancellationToken);
                Preprocessing.Evaluate(image, 32, new float[Preprocessing.FloatCount(32)]);
                readCount++;
            }
            catch (ImageException reason)
            {
                Assert.InRange(reason.Message.Length, 5, 300);
                Assert.DoesNotContain(reason.Message, char.IsControl);
            }
            catch (Exception other)
            {
                Assert.Fail($"{mutation.Description}: {other}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < LargestAllocation, $"{mutation.Description} took {GC.GetAllocatedBytesForCurrentThread() - allocated} bytes");
            Assert.True(Stopwatch.GetElapsedTime(started) < LongestDecoding, $"{mutation.Description} took {Stopwatch.GetElapsedTime(started)}");
        }
        Assert.InRange(readCount, 1, MutationCount - 1);
    }

    private static (string, byte[])[] Files(string extension) =>
        [.. Directory.GetFiles(Golden, $"*.{extension}").Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))];
}
