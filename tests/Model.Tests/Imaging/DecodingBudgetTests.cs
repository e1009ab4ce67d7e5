using HrNetBatch.Model.Imaging;
using HrNetBatch.TestKit;

namespace HrNetBatch.Model.Tests.Imaging;

public sealed class DecodingBudgetTests
{
    private const int Total = 3200, Small = 100, Large = 3000;

    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden");

    private readonly DecodingBudget _budget = new(Total);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> GoldenFiles => [.. ReferenceImage.ReadAll(Golden).Select(image => image.File)];

    [Fact]
    public async Task LargeImages_WaitForEachOther_AndSmallOnesPass()
    {
        Admission first = _budget.Admit(Large, Token);
        Task<Admission> second = await WaitingAsync(Large, Token);

        _budget.Admit(Small, Token).Dispose();
        Assert.False(second.IsCompleted);

        first.Dispose();
        (await second).Dispose();
        Assert.Equal(Total, _budget.FreeBytes);
    }

    [Fact]
    public async Task ALargeImage_IsNotPassedForEver()
    {
        Admission first = _budget.Admit(Large, Token);
        Task<Admission> large = await WaitingAsync(Large, Token);
        for (int passing = 0; passing < 64; passing++)
            _budget.Admit(Small, Token).Dispose();

        Task<Admission> late = await WaitingAsync(Small, Token);
        Assert.Equal(2, _budget.WaitingCount);

        first.Dispose();
        using Admission _ = await large;
        (await late).Dispose();
    }

    [Fact]
    public async Task WhoGivesUp_LetsThoseBehindIn()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Admission first = _budget.Admit(Total - 300, Token);
        Task<Admission> impatient = await WaitingAsync(Large, stop.Token);
        Task<Admission> behind = await WaitingAsync(300, Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        (await behind).Dispose();
        first.Dispose();
        Assert.Equal(Total, _budget.FreeBytes);
    }

    [Fact]
    public async Task WhateverComesAndGoes_ThereIsNeverMoreThanAllOfIt()
    {
        int held = 0, most = 0;
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, (index, _) =>
        {
            int bytes = index % 7 == 0 ? 1 + (index * 31 % Total) : 1 + (index % Small);
            using Admission admission = _budget.Admit(bytes, Token);
            int now = Interlocked.Add(ref held, bytes);
            InterlockedMax(ref most, now);
            Interlocked.Add(ref held, -bytes);
            return ValueTask.CompletedTask;
        });
        Assert.InRange(most, 1, Total);
        Assert.Equal((Total, 0), (_budget.FreeBytes, _budget.WaitingCount));
    }

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void AnImage_HoldsMemoryUntilItIsDisposed_AndIsRefusedWhereThereIsTooLittle(string file)
    {
        byte[] encoded = File.ReadAllBytes(Path.Combine(Golden, file));
        var ample = new DecodingBudget(1L << 40);
        try
        {
            using RgbImage image = ImageDecoder.Decode(encoded, DecodingLimits.Default with { Budget = ample });
            Assert.Equal(ample.TotalBytes - image.Bytes, ample.FreeBytes);
            image.Dispose();

            var scarce = new DecodingBudget(image.Bytes - 1);
            string reason = Assert.Throws<ImageException>(() => ImageDecoder.Decode(encoded, DecodingLimits.Default with { Budget = scarce })).Message;
            Assert.Contains("HrNetBatch:Decoding:MemoryBytes", reason, StringComparison.Ordinal);
            Assert.Equal(scarce.TotalBytes, scarce.FreeBytes);
        }
        catch (ImageException)
        {
            // One of the files that Pillow does not read either: it must not keep anything.
        }
        Assert.Equal(ample.TotalBytes, ample.FreeBytes);
    }

    [Fact]
    public void DamagedImages_KeepNothing()
    {
        var budget = new DecodingBudget(1L << 30);
        (string, byte[])[] files = [.. Directory.GetFiles(Golden, "*.*").Order(StringComparer.Ordinal).Where(file => LooksLikeImage(file)).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))];
        int refusedCount = 0;
        foreach (Mutation mutation in Mutations.Of(files, 1500, seed: 14))
        {
            try
            {
                ImageDecoder.Decode(mutation.Bytes, new DecodingLimits(4_000_000, budget, Token)).Dispose();
            }
            catch (ImageException)
            {
                refusedCount++;
            }
            Assert.True(budget.FreeBytes == budget.TotalBytes, mutation.Description);
        }
        Assert.InRange(refusedCount, 1, 1499);
    }

    private static bool LooksLikeImage(string file) => ImageDecoder.Extensions.Contains(Path.GetExtension(file).TrimStart('.'));

    private async Task<Task<Admission>> WaitingAsync(long bytes, CancellationToken cancellation)
    {
        int before = _budget.WaitingCount;
        Task<Admission> waiting = Task.Run(() => _budget.Admit(bytes, cancellation), CancellationToken.None);
        await Eventually.TrueAsync(() => _budget.WaitingCount == before + 1, "it waits");
        return waiting;
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int before = most; value > before && Interlocked.CompareExchange(ref most, value, before) != before; before = most)
            continue;
    }
}
