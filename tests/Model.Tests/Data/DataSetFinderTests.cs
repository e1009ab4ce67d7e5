using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;

namespace HrNetBatch.Model.Tests.Data;

public sealed class DataSetFinderTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AFolderForEachClass_IsRecognised_WithClassesInOrdinalOrder()
    {
        foreach ((string name, int number) in ((string, int)[])[("b/1.JPEG", 1), ("Zebra/2.jpg", 2), ("a/deep/3.png", 3), ("a/0.webp", 0)])
            await _folder.WriteAsync($"set/{name}", DataSetFolder.Image(number));
        await _folder.WriteAsync("set/a/readme.txt", [1]);
        await _folder.WriteAsync("set/a/.hidden.jpg", [1]);

        DataSet data = await FindAsync("set/");

        Assert.Equal((DataLayout.ImageFolder, 4L), (data.Layout, data.SampleCount));
        Assert.Equal(["Zebra", "a", "b"], data.Classes!);
        Assert.Equal([("Zebra/2.jpg", 0, 2), ("a/0.webp", 1, 0), ("a/deep/3.png", 1, 3), ("b/1.JPEG", 2, 1)], await SamplesAsync(data));
    }

    [Fact]
    public async Task AFolderOfSplits_IsRefused_NamingOne()
    {
        await _folder.WriteAsync("set/train/a/1.jpg", [1]);
        await _folder.WriteAsync("set/val/a/1.jpg", [1]);
        var error = await Assert.ThrowsAsync<ShardException>(() => FindAsync("set"));
        Assert.Contains("set/train/.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImagesWithoutFolders_HaveNoClass()
    {
        await _folder.WriteAsync("set/1.jpg", DataSetFolder.Image(1));
        DataSet data = await FindAsync("set");
        Assert.Null(data.Classes);
        Assert.Equal([("1.jpg", -1, 1)], await SamplesAsync(data));
    }

    [Fact]
    public async Task TheTrainingTarOfIlsvrc_IsReadImageByImage_WithTheClassOfItsInnerTar()
    {
        byte[] dogs = await DataSetFolder.TarAsync(("n02_7.JPEG", DataSetFolder.Image(7)), ("n02_8.JPEG", DataSetFolder.Image(8)));
        byte[] cats = await DataSetFolder.TarAsync(("n01_5.JPEG", DataSetFolder.Image(5)));
        await _folder.WriteAsync("ILSVRC2012_img_train.tar", await DataSetFolder.TarAsync(("n02.tar", dogs), ("n01.tar", cats)));
        (string, int, int)[] expected = [("n02/n02_7.JPEG", 1, 7), ("n02/n02_8.JPEG", 1, 8), ("n01/n01_5.JPEG", 0, 5)];

        DataSet unindexed = await FindAsync("ILSVRC2012_img_train.tar");
        await ShardIndexer.WriteAsync(new LocalFiles(), (await new LocalFiles().FindAsync(_folder["ILSVRC2012_img_train.tar"], Token))!, DataLayout.Ilsvrc, Token);
        var files = new RecordedFiles();
        DataSet indexed = await new DataSetFinder(files).FindAsync(_folder["ILSVRC2012_img_train.tar"], cancellationToken: Token);
        files.Reads.Clear();

        Assert.Equal((DataLayout.Ilsvrc, "n01 n02"), (unindexed.Layout, string.Join(' ', unindexed.Classes!)));
        Assert.Equal(expected, await SamplesAsync(unindexed));
        Assert.Equal(expected, await SamplesAsync(indexed));
        Assert.Equal([605L, 607L, 608L], files.Reads.Select(read => read.End - read.Start - "image 7 ".Length).Order());
    }

    [Fact]
    public async Task TheValidationTarOfIlsvrc_TakesItsClassesFromTheListBesideIt()
    {
        await _folder.WriteAsync("val/ILSVRC2012_img_val.tar", await DataSetFolder.TarAsync(
            ("ILSVRC2012_val_00000002.JPEG", DataSetFolder.Image(2)), ("ILSVRC2012_val_00000001.JPEG", DataSetFolder.Image(1)), ("ILSVRC2012_val_00000003.JPEG", DataSetFolder.Image(3))));
        Assert.Equal([-1, -1, -1], (await SamplesAsync(await FindAsync("val/ILSVRC2012_img_val.tar"))).Select(sample => sample.Label));

        await _folder.WriteAsync("val/imagenet_2012_validation_synset_labels.txt", "n09\nn01\nn09\n"u8.ToArray());
        DataSet data = await FindAsync("val");
        Assert.Equal([("ILSVRC2012_val_00000002.JPEG", 0, 2), ("ILSVRC2012_val_00000001.JPEG", 1, 1), ("ILSVRC2012_val_00000003.JPEG", 1, 3)], await SamplesAsync(data));

        await _folder.WriteAsync("val/imagenet_2012_validation_synset_labels.txt", "n09\nn01\n"u8.ToArray());
        Assert.Contains("has 2 lines, and the tar 3 images", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("val"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MdsShards_AreRead_PackedOrNot(bool compresses)
    {
        await _folder.WriteMdsAsync("mds", compresses, 3, 2);
        DataSet data = await FindAsync("mds");
        Assert.Equal((DataLayout.Mds, 5L), (data.Layout, data.SampleCount));
        Assert.Equal(Enumerable.Range(0, 5).Select(number => (number, number)), (await SamplesAsync(data)).Select(sample => (sample.Label, sample.Number)));
        List<int> resumed = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(cursor: 2), Token))
            resumed.Add(DataSetFolder.Number(sample));
        Assert.Equal([2, 3, 4], resumed);
    }

    [Theory]
    [InlineData(0, 9, "says that it has 9 samples")]
    [InlineData(8, 1, "sample 1 is said to start")]
    [InlineData(40, 0xFFFFFF, "is broken at byte")]
    public async Task ABrokenMdsShard_IsAnError_WithFileAndByte(int at, uint value, string expected)
    {
        await _folder.WriteMdsAsync("mds", compresses: false, 3);
        byte[] shard = await File.ReadAllBytesAsync(_folder["mds/shard.00000.mds"], Token);
        // Byte 40 and on are settings; the first sample's sizes come behind them.
        int target = at == 40 ? BitConverter.ToInt32(shard, 4) : at;
        BitConverter.GetBytes(value).CopyTo(shard, target);
        await _folder.WriteAsync("mds/shard.00000.mds", shard);

        DataSet data = await FindAsync("mds");
        var error = await Assert.ThrowsAsync<ShardException>(() => SamplesAsync(data));
        Assert.Contains("shard.00000.mds is broken at byte", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PickledColumns_AreRefused()
    {
        await _folder.WriteMdsAsync("mds", compresses: false, 1);
        string index = (await File.ReadAllTextAsync(_folder["mds/index.json"], Token)).Replace("\"str\"", "\"pkl\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_folder["mds/index.json"], index, Token);
        Assert.Contains("run code", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("mds"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInfoFile_SaysSplitsAndCounts()
    {
        await _folder.WriteTarsAsync("set/train-", 2, 3);
        await _folder.WriteTarsAsync("set/val-", 1);
        await _folder.WriteAsync("set/_info.json", """
            {"splits": {"train": {"num_samples": 5, "filenames": "train-{000..001}.tar", "shard_lengths": [2, 3]}, "val": {"num_samples": 1, "filenames": ["val-000.tar"]}}}
            """u8.ToArray());

        DataSet train = await FindAsync("set/_info.json#train");
        Assert.Equal((5L, 2), (train.SampleCount, train.Shards.Count));
        Assert.Equal(5, (await SamplesAsync(train)).Count);
        Assert.Null((await FindAsync("set/_info.json#val")).SampleCount);
        Assert.Contains("has the splits train, val: say which", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("set/_info.json"))).Message, StringComparison.Ordinal);
        Assert.Contains("and not 'test'", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("set/_info.json#test"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("set/_info.json#train", "ant bee")]
    [InlineData("set/train-*", "ant bee")]
    [InlineData("set/train-{000..001}.tar", "ant bee")]
    [InlineData("set/_info.json#val", "ant bee zebra")]
    [InlineData("set/other-000.tar", null)]
    public async Task AnInfoFile_NamesTheClasses_HoweverItsTarsAreNamed(string path, string? expected)
    {
        await WriteSplitsAsync();
        Assert.Equal(expected?.Split(' '), (await FindAsync(path)).Classes);
    }

    [Theory]
    [InlineData("set")]
    [InlineData("set/*")]
    public async Task TarsOfSeveralSplits_AreNotMixed(string path)
    {
        await WriteSplitsAsync();
        var error = await Assert.ThrowsAsync<ShardException>(() => FindAsync(path));
        Assert.Contains("There are shards of the splits train and val among them", error.Message, StringComparison.Ordinal);
        Assert.Contains("_info.json#train", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FoldersThatAreNumbersFromZeroOn_AreTheClassesOfTheseNumbers()
    {
        foreach (int number in Enumerable.Range(0, 12))
            await _folder.WriteAsync($"set/{number}/{number}.jpg", DataSetFolder.Image(number));

        DataSet data = await FindAsync("set");

        Assert.Equal(Enumerable.Range(0, 12).Select(number => $"{number}"), data.Classes!);
        Assert.All(await SamplesAsync(data), sample => Assert.Equal(sample.Number, sample.Label));
    }

    [Fact]
    public async Task ACountThatIsNotTrue_IsAnError()
    {
        await _folder.WriteTarsAsync("set/train-", 2);
        await _folder.WriteAsync("set/info.json", """{"splits": {"train": {"filenames": ["train-000.tar"], "shard_lengths": [3]}}}"""u8.ToArray());
        DataSet data = await FindAsync("set/info.json");
        Assert.Contains("has 2 samples, and 3 were counted", (await Assert.ThrowsAsync<ShardException>(() => SamplesAsync(data))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("set/train-{000..002}.tar", "train-002.tar")]
    [InlineData("nothing/", "no image under")]
    [InlineData("set/train-000.tar#x", "")]
    public async Task WhatIsMissing_IsNamed(string path, string expected)
    {
        await _folder.WriteTarsAsync("set/train-", 1, 1);
        Assert.Contains(expected, (await Assert.ThrowsAsync<ShardException>(() => FindAsync(path))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALayoutThatIsSaid_IsTaken()
    {
        await _folder.WriteTarsAsync("set/train-", 1);
        await _folder.WriteAsync("set/a/1.jpg", DataSetFolder.Image(1));
        Assert.Equal(DataLayout.WebDataset, (await FindAsync("set")).Layout);
        Assert.Equal(DataLayout.ImageFolder, (await FindAsync("set", DataLayout.ImageFolder)).Layout);
        await Assert.ThrowsAsync<ShardException>(() => FindAsync("set", DataLayout.Mds));
    }

    private async Task WriteSplitsAsync()
    {
        await _folder.WriteTarsAsync("set/train-", 2, 3);
        await _folder.WriteTarsAsync("set/val-", 1);
        await _folder.WriteTarsAsync("set/other-", 1);
        await _folder.WriteAsync("set/_info.json", """
            {"splits": {
              "train": {"filenames": "train-{000..001}.tar", "class_names": ["ant", "bee"]},
              "val": {"filenames": ["val-000.tar"], "class_names": ["ant", "bee", "zebra"]}}}
            """u8.ToArray());
    }

    private Task<DataSet> FindAsync(string name, DataLayout? layout = null) =>
        new DataSetFinder(new LocalFiles()).FindAsync(_folder[name], layout, Token);

    private static async Task<List<(string Key, int Label, int Number)>> SamplesAsync(DataSet data)
    {
        List<(string, int, int)> samples = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Token))
        {
            Assert.True(LabeledImage.TryRead(sample, requiresLabel: false, out LabeledImage image, out _));
            samples.Add((sample.Key, (int)image.Label, DataSetFolder.Number(sample)));
        }
        return samples;
    }
}
