using System.Collections.Concurrent;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Tests.Data;

public class ShuffledSamplesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AsWritten_IsTheOrderOfTheShards()
    {
        Shards shards = await Shards.CreateAsync(3, 0, 2);
        Assert.Equal(Keys(5), await ReadAsync(shards, SampleOrder.AsWritten()));
        Assert.Equal(Keys(5)[2..], await ReadAsync(shards, SampleOrder.AsWritten(cursor: 2)));
    }

    [Fact]
    public async Task Shuffled_IsAPermutation_ThatSeedAndEpochDetermine()
    {
        Shards shards = await Shards.CreateAsync(5, 1, 7, 4);
        string[] order = await ReadAsync(shards, SampleOrder.Shuffled(seed: 1, epoch: 2, bufferSize: 6));
        Assert.Equal(Keys(17), order.Order());
        Assert.Equal(order, await ReadAsync(shards, SampleOrder.Shuffled(1, 2, bufferSize: 6)));
        Assert.NotEqual(order, await ReadAsync(shards, SampleOrder.Shuffled(1, 3, bufferSize: 6)));
        Assert.NotEqual(order, await ReadAsync(shards, SampleOrder.Shuffled(2, 2, bufferSize: 6)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public async Task ResumedAtAnyCursor_TheOrderIsTheRestOfTheUninterruptedOne(int bufferSize)
    {
        Shards shards = await Shards.CreateAsync(5, 1, 7, 4, 0, 3);
        string[] whole = await ReadAsync(shards, SampleOrder.Shuffled(3, 0, bufferSize: bufferSize));
        for (int cursor = 0; cursor <= whole.Length + 1; cursor++)
        {
            SampleOrder order = SampleOrder.Shuffled(3, 0, cursor, bufferSize);
            string[] rest = whole[Math.Min(cursor, whole.Length)..];
            Assert.Equal(rest, await ReadAsync(shards, order));

            // Again with all counts known, where shards before the cursor are not read through.
            var counts = new ConcurrentDictionary<string, long>();
            await ReadAsync(shards, SampleOrder.AsWritten(), counts);
            Assert.Equal(rest, await ReadAsync(shards, order, counts));
        }
    }

    [Fact]
    public async Task ShardsBehindTheCursor_AreNotOpened_WhenTheirCountsAreKnown()
    {
        Shards shards = await Shards.CreateAsync([.. Enumerable.Repeat(4, 20)]);
        var counts = new ConcurrentDictionary<string, long>(shards.Names.Select(name => KeyValuePair.Create(name, 4L)));
        await ReadAsync(shards, SampleOrder.Shuffled(1, 0, cursor: 72, bufferSize: 3), counts);
        Assert.InRange(shards.Opened.Count, 2, 6);
    }

    [Fact]
    public async Task AReplacedShard_IsNoticed_WhenItsCountNoLongerHolds()
    {
        Shards shards = await Shards.CreateAsync(4, 4);
        var counts = new ConcurrentDictionary<string, long>(shards.Names.Select(name => KeyValuePair.Create(name, 10L)));
        var error = await Assert.ThrowsAsync<ShardException>(() => ReadAsync(shards, SampleOrder.Shuffled(1, 0, cursor: 10, bufferSize: 50), counts));
        Assert.Contains("it was replaced", error.Message, StringComparison.Ordinal);
    }

    private static string[] Keys(int count) => [.. Enumerable.Range(0, count).Select(Shards.Key)];

    private static async Task<string[]> ReadAsync(Shards shards, SampleOrder order, ConcurrentDictionary<string, long>? counts = null)
    {
        var keys = new List<string>();
        DataSet data = DataSet.OfTars(shards.Names, shards.OpenAsync);
        foreach ((string name, long count) in counts ?? [])
            data.SampleCounts[name] = count;
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(order, Token))
            keys.Add(sample.Key);
        foreach ((string name, long count) in data.SampleCounts)
            counts?.TryAdd(name, count);
        return [.. keys];
    }
}
