using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;

namespace HrNetBatch.Model.Tests.Data;

public sealed class ExactResumeTests : IDisposable
{
    private const int Count = 23;

    private readonly DataSetFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tars", 1, 1, 0)]
    [InlineData("tars", 6, 3, 0)]
    [InlineData("tars", 100, 2, 0)]
    [InlineData("tars", 1, 1, 3)]
    [InlineData("tars", 6, 1, 2)]
    [InlineData("tars", 100, 1, 4)]
    [InlineData("folder", 1, 1, 0)]
    [InlineData("folder", 6, 4, 0)]
    [InlineData("folder", 6, 1, 8)]
    [InlineData("mds", 6, 3, 0)]
    [InlineData("mds", 6, 1, 4)]
    public async Task ResumedAtAnyCursor_TheRestIsTheSame_AndNothingOfWhatCameBeforeIsRead(string layout, int bufferSize, int shardsAtOnce, int blockSize)
    {
        string path = await WriteAsync(layout);
        Dictionary<int, (string File, long Start, long End)> places = [];
        List<int> whole = [];
        await foreach (Sample sample in new ShuffledSamples(await new DataSetFinder(new LocalFiles()).FindAsync(path, cancellationToken: Token))
            .ReadAsync(SampleOrder.Shuffled(3, 1, 0, bufferSize, shardsAtOnce, blockSize), Token))
        {
            int number = DataSetFolder.Number(sample);
            whole.Add(number);
            places[number] = (sample.Shard, sample.Offset, sample.Offset + DataSetFolder.Image(number).Length);
        }
        Assert.Equal(Enumerable.Range(0, Count), whole.Order());

        for (int cursor = 0; cursor <= Count + 1; cursor++)
        {
            var files = new RecordedFiles();
            DataSet data = await new DataSetFinder(files).FindAsync(path, cancellationToken: Token);
            files.Reads.Clear();   // the layout was recognised by the header of the first tar
            List<int> rest = await NumbersAsync(data, SampleOrder.Shuffled(3, 1, cursor, bufferSize, shardsAtOnce, blockSize));

            Assert.Equal(whole.Skip(cursor), rest);
            foreach (int consumed in whole.Take(cursor))
            {
                (string file, long start, long end) = places[consumed];
                Assert.DoesNotContain(files.Reads, read => read.Name == file && read.Start < end && read.End > start);
            }
        }
    }

    [Fact]
    public async Task WithoutIndexes_AResumedRunReadsOnlyTheShardsOfWhatIsStillToCome()
    {
        await _folder.WriteTarsAsync("t-", 6, 6, 6, 6, 6, 6);
        string path = _folder["t-{000..005}.tar"];
        DataSet first = await FindAsync(new LocalFiles(), path);
        List<int> whole = await NumbersAsync(first, SampleOrder.Shuffled(3, 1, 0, 4, 2));

        var files = new RecordedFiles();
        DataSet second = await FindAsync(files, path);
        files.Reads.Clear();
        foreach ((string shard, long count) in first.SampleCounts)
            second.SampleCounts[shard] = count;
        List<int> rest = await NumbersAsync(second, SampleOrder.Shuffled(3, 1, 33, 4, 2));

        Assert.Equal(whole.Skip(33), rest);
        Assert.InRange(files.Reads.Select(read => read.Name).Distinct().Count(), 1, 3);
    }

    [Fact]
    public async Task AnIndexOfAnotherVersion_IsIgnored()
    {
        string path = await WriteAsync("tars");
        await _folder.WriteAsync("t-000.tar", await Shards.WriteAsync(async writer =>
        {
            foreach (int number in (int[])[100, 101])
                await writer.WriteAsync($"longer/{Shards.Key(number)}", [("txt", new byte[5000]), ("jpg", DataSetFolder.Image(number))]);
        }));
        Assert.Equal([101, 7, 8], (await NumbersAsync(await FindAsync(new LocalFiles(), path), SampleOrder.AsWritten(cursor: 1))).Take(3));
    }

    [Fact]
    public async Task ShardsReadToTheirEnd_AreIndexedInTheGivenFolder()
    {
        await _folder.WriteTarsAsync("t-", 40, 40);
        string path = _folder["t-{000..001}.tar"], indexes = _folder["indexes"];
        await NumbersAsync(await new DataSetFinder(new LocalFiles(), indexes).FindAsync(path, cancellationToken: Token), SampleOrder.AsWritten());

        var files = new RecordedFiles();
        DataSet data = await new DataSetFinder(files, indexes).FindAsync(path, cancellationToken: Token);
        files.Reads.Clear();
        Assert.Equal([78, 79], await NumbersAsync(data, SampleOrder.AsWritten(cursor: 78)));

        Assert.All(files.Reads, read => Assert.EndsWith("001.tar", read.Name, StringComparison.Ordinal));
        Assert.All(files.Reads, read => Assert.True(read.Start >= 38 * 4 * 512));
    }

    [Fact]
    public async Task SeveralShardsAtOnce_GiveASampleOfEachInTurn_UntilEachIsExhausted()
    {
        await _folder.WriteTarsAsync("t-", 3, 1, 2, 2);
        DataSet data = await FindAsync(new LocalFiles(), _folder["t-{000..003}.tar"]);
        // Lane 0 has shards 0 and 2 (0 1 2, 4 5), lane 1 has shards 1 and 3 (3, 6 7).
        Assert.Equal([0, 3, 1, 6, 2, 7, 4, 5], await NumbersAsync(data, new SampleOrder(0, 0, 0, 1, ShufflesShards: false, ShardsAtOnce: 2)));
    }

    [Fact]
    public async Task AnOrderOfBlocks_NeedsTheIndexesThatItWasBegunWith()
    {
        string path = await WriteAsync("tars");
        File.Delete(_folder["t-003.tar.index"]);
        DataSet data = await FindAsync(new LocalFiles(), path);

        var error = await Assert.ThrowsAsync<ShardException>(() => NumbersAsync(data, SampleOrder.Shuffled(3, 1, 5, 6, blockSize: 4)));

        Assert.Contains("t-003.tar has no index that holds for it", error.Message, StringComparison.Ordinal);
        Assert.Contains("hrnet dataset index", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnIndexThatOnlyThisMachineHas_DoesNotChangeTheOrder()
    {
        await _folder.WriteTarsAsync("t-", 8, 8);
        string path = _folder["t-{000..001}.tar"], indexes = _folder["indexes"];
        await NumbersAsync(await new DataSetFinder(new LocalFiles(), indexes).FindAsync(path, cancellationToken: Token), SampleOrder.AsWritten());

        DataSet kept = await new DataSetFinder(new LocalFiles(), indexes).FindAsync(path, cancellationToken: Token);
        await kept.PrepareAsync(Token);

        Assert.Equal((16L, 0), (kept.SampleCount, kept.TrainingBlockSize));
    }

    private static async Task<DataSet> FindAsync(IDataFiles files, string path) =>
        await new DataSetFinder(files).FindAsync(path, cancellationToken: Token);

    private static async Task<List<int>> NumbersAsync(DataSet data, SampleOrder order)
    {
        List<int> numbers = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(order, Token))
            numbers.Add(DataSetFolder.Number(sample));
        return numbers;
    }

    private async Task<string> WriteAsync(string layout)
    {
        switch (layout)
        {
            case "tars":
                await _folder.WriteTarsAsync("t-", 7, 1, 0, 9, 6);
                foreach (int shard in Enumerable.Range(0, 5))
                    await ShardIndexer.WriteAsync(new LocalFiles(), (await new LocalFiles().FindAsync(_folder[$"t-{shard:000}.tar"], Token))!, DataLayout.WebDataset, Token);
                return _folder["t-{000..004}.tar"];
            case "folder":
                foreach (int number in Enumerable.Range(0, Count))
                    await _folder.WriteAsync($"images/class{number % 3}/{number}.JPEG", DataSetFolder.Image(number));
                return _folder["images/"];
            default:
                await _folder.WriteMdsAsync("mds", compresses: false, 7, 1, 0, 9, 6);
                return _folder["mds"];
        }
    }
}
