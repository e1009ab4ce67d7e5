using System.Text;
using System.Text.Json;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.TestKit;

namespace HrNetBatch.EndToEnd.Tests;

/// <summary>An image whose decoding kills the process costs itself, and nothing else of its job.</summary>
public sealed class PoisonTests(PostgresFixture postgres, AzuriteFixture azurite)
{
    private const long MemoryOfAnAttempt = 600 << 20;

    [Fact]
    public async Task Classify_FailsTheOneImageThatKillsItsProcess_AndDoesTheRest()
    {
        const int imageCount = 24, poison = 13, tooLarge = 20;
        await using StackOfTest stack = await StackOfTest.StartAsync(postgres, azurite);
        await stack.UploadAsync("weights.pth", KillTests.Weights());
        for (int index = 0; index < imageCount; index++)
            await stack.UploadAsync($"images/{index:000}.png", index == poison ? Huge(12_000) : index == tooLarge ? Huge(13_000) : ColourImages.Png(index % 3, new Random(index)));

        await using var killer = new OutOfMemoryKiller(stack.StartWorker("Decoding:MemoryBytes=600000000"), MemoryOfAnAttempt);
        Guid job = await stack.EnqueueAsync(new ClassifyArguments
        {
            Input = stack.Root.Combine("images/").ToString(),
            Checkpoint = stack.Root.Combine("weights.pth").ToString(),
            Output = stack.Root.Combine("output/").ToString(),
            Format = "jsonl",
            ImageSize = ColourImages.Side,
            BatchSize = 4,
            UnitSize = 12,
            TopK = 2,
        });

        Job done = await stack.SucceededAsync(job);
        Dictionary<string, JsonElement> rows = await stack.RowsAsync(imageCount);
        Assert.Equal(
            [
                $"images/{poison:000}.png: the process died twice while it decoded this image: The attempt's process was killed (SIGKILL)",
                $"images/{tooLarge:000}.png: the image is too large for this process: decoding it takes 676 MB, and 600 MB are set aside for that",
            ],
            rows.Where(row => row.Value.GetProperty("error").ValueKind == JsonValueKind.String)
                .Select(row => $"{row.Key}: {row.Value.GetProperty("error").GetString()!.Split(": out of memory", 2)[0].Split(". Give", 2)[0]}")
                .Order(StringComparer.Ordinal));
        Assert.Equal((3, 0), (killer.KillCount, done.FailureCount));
    }

    // A bitmap (PBM) of an eighth of a byte a pixel, which take four bytes when they are decoded: such are not read row by row.
    private static byte[] Huge(int side) => [.. Encoding.ASCII.GetBytes($"P4\n{side} {side}\n"), .. new byte[side / 8 * side]];
}
