using System.IO.Compression;
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

    /// <summary>Wherever an entry of the list is wrong, the list and the shard's number are named, and no name leads out of the folder.</summary>
    [Theory]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":\"../../x.mds\"", "shard 1 names the file '../../x.mds' (raw_data.basename), which leads out of the folder of the list")]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":\"/etc/passwd\"", "shard 1 names the file '/etc/passwd' (raw_data.basename), which is not relative to the folder of the list")]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":\"a\\\\b.mds\"", "shard 1 names the file 'a\\b.mds' (raw_data.basename), which holds a backslash")]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":\"\"", "shard 1 names the file nothing (raw_data.basename), which is empty")]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":null", "shard 1 has no raw_data.basename, which names its file")]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":7", "shard 1 cannot be read: raw_data.basename has a value of another type")]
    [InlineData("\"basename\":\"shard.00001.mds\"", "\"basename\":\"gone.mds\"", "names it as shard 1.")]
    [InlineData("\"zip_data\":null", "\"zip_data\":{\"basename\":\"../x\"}", "shard 0 names the file '../x' (zip_data.basename), which leads out of the folder of the list")]
    [InlineData("\"samples\":2", "\"samples\":\"two\"", "shard 0 cannot be read: samples has a value of another type")]
    [InlineData("\"samples\":2", "\"samples\":1", "shard.00000.mds")]
    [InlineData("\"samples\":2", "\"sample\":2", "shard 0 cannot be read: it lacks the field samples")]
    [InlineData("\"samples\":2", "\"samples\":-2", "shard 0 (shard.00000.mds) is said to have -2 samples")]
    [InlineData("\"format\":\"mds\"", "\"format\":\"json\"", "shard 0 has the format 'json', and only mds is read")]
    [InlineData("\"column_sizes\":[", "\"column_sizes\":[-1,", "shard 0 does not say what columns its samples have")]
    [InlineData("\"shards\":[", "\"shards\":[null,", "shard 0 is null")]
    [InlineData("\"shards\":[", "\"shards\":[[],", "shard 0 cannot be read: it is a value of another type")]
    public async Task AWrongEntryOfAnMdsList_IsNamedByItsNumber(string what, string by, string expected)
    {
        await _folder.WriteMdsAsync("mds", compresses: false, 2, 2);
        string index = await File.ReadAllTextAsync(_folder["mds/index.json"], Token);
        int at = index.IndexOf(what, StringComparison.Ordinal);
        Assert.True(at >= 0, index);
        await File.WriteAllTextAsync(_folder["mds/index.json"], index[..at] + by + index[(at + what.Length)..], Token);

        ShardException error = await Assert.ThrowsAsync<ShardException>(async () => await SamplesAsync(await FindAsync("mds")));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Contains(_folder["mds/index.json"], StringComparison.Ordinal) || error.Message.Contains("index.json names it", StringComparison.Ordinal) || expected == "shard.00000.mds", error.Message);
    }

    [Theory]
    [InlineData("../other.tar", "the split train names the file '../other.tar', which leads out of the folder of the list")]
    [InlineData("/other.tar", "the split train names the file '/other.tar', which is not relative to the folder of the list")]
    [InlineData(null, "among the filenames of the split train one is null")]
    public async Task AListOfSplits_NamesNothingOutsideItsFolder(string? name, string expected)
    {
        await _folder.WriteTarsAsync("set/a-", 1);
        await _folder.WriteAsync("set/_info.json", System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { splits = new { train = new { filenames = new[] { name } } } }));

        ShardException error = await Assert.ThrowsAsync<ShardException>(() => FindAsync("set/_info.json"));

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
    public async Task TwoLayoutsThatFit_AreRefused_NamingTheOptionThatDecides()
    {
        await _folder.WriteTarsAsync("set/train-", 1);
        await _folder.WriteAsync("set/a/1.jpg", DataSetFolder.Image(1));
        ShardException error = await Assert.ThrowsAsync<ShardException>(() => FindAsync("set"));
        Assert.Contains("holds 1 image in folders and 1 tar, such as", error.Message, StringComparison.Ordinal);
        Assert.Contains("Say which with --data-layout (dataLayout), imageFolder or webDataset, or name the tars", error.Message, StringComparison.Ordinal);
        DataSet tars = await FindAsync("set", DataLayout.WebDataset);
        Assert.Equal(DataLayout.WebDataset, tars.Layout);
        Assert.Contains("imageFolder reads images instead", Assert.Single(tars.LeftOut).Reason, StringComparison.Ordinal);
        Assert.Equal(DataLayout.WebDataset, (await FindAsync("set/train-*")).Layout);
        Assert.Equal(DataLayout.ImageFolder, (await FindAsync("set", DataLayout.ImageFolder)).Layout);
        await Assert.ThrowsAsync<ShardException>(() => FindAsync("set", DataLayout.Mds));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("unlabelled images")]
    [InlineData("no tar")]
    public async Task AStrayTarAmongImages_IsLeftOut_WithAWord(string tar)
    {
        await _folder.WriteAsync("set/a/1.jpg", DataSetFolder.Image(1));
        await _folder.WriteAsync("set/b/2.jpg", DataSetFolder.Image(2));
        await _folder.WriteAsync("set/backup.tar", tar switch
        {
            "nothing" => new byte[10240],
            "no tar" => "something else"u8.ToArray(),
            _ => await DataSetFolder.TarAsync(("a/1.jpg", DataSetFolder.Image(1)), ("b/2.jpg", DataSetFolder.Image(2))),
        });
        DataSet data = await FindAsync("set");
        Assert.Equal((DataLayout.ImageFolder, 2L), (data.Layout, data.SampleCount));
        Assert.EndsWith("backup.tar", Assert.Single(data.LeftOut).Example, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnIndexOfAnotherProgram_IsNoListOfShards()
    {
        await _folder.WriteAsync("set/a/1.jpg", DataSetFolder.Image(1));
        await _folder.WriteAsync("set/index.json", """{"0": "cat"}"""u8.ToArray());
        DataSet data = await FindAsync("set");
        Assert.Equal(DataLayout.ImageFolder, data.Layout);
        Assert.EndsWith("index.json", Assert.Single(data.LeftOut).Example, StringComparison.Ordinal);

        await _folder.WriteAsync("set/index.json", "{"u8.ToArray());
        await _folder.WriteAsync("set/shard.00000.mds", [1]);
        Assert.Contains("index.json is no list of MDS shards", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("set"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShardsWithTheNamesOfIlsvrc_KeepTheirLabels()
    {
        await _folder.WriteAsync("val-000.tar", await DataSetFolder.TarAsync(
            ("ILSVRC2012_val_00000001.JPEG", DataSetFolder.Image(1)), ("ILSVRC2012_val_00000001.cls", "0"u8.ToArray()),
            ("ILSVRC2012_val_00000002.JPEG", DataSetFolder.Image(2)), ("ILSVRC2012_val_00000002.cls", "1"u8.ToArray())));
        DataSet data = await FindAsync("val-000.tar");
        Assert.Equal(DataLayout.WebDataset, data.Layout);
        List<Sample> samples = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Token))
            samples.Add(sample);
        Assert.Equal(["0"u8.ToArray(), "1"u8.ToArray()], samples.Select(sample => sample.Members["cls"]));
    }

    [Fact]
    public async Task TarsOfShards_AndTarsOfBothKindsOfIlsvrc_AreRefused()
    {
        byte[] samples = await DataSetFolder.TarAsync(("a.jpg", DataSetFolder.Image(1)), ("a.cls", "0"u8.ToArray()));
        await _folder.WriteAsync("all.tar", await DataSetFolder.TarAsync(("train-000.tar", samples), ("train-001.tar", samples)));
        Assert.Contains("is a tar of tars with labelled samples. Unpack it", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("all.tar"))).Message, StringComparison.Ordinal);

        byte[] images = await DataSetFolder.TarAsync(("n01_5.JPEG", DataSetFolder.Image(5)));
        await _folder.WriteAsync("both/ILSVRC2012_img_train.tar", await DataSetFolder.TarAsync(("n01.tar", images)));
        await _folder.WriteAsync("both/ILSVRC2012_img_val.tar", await DataSetFolder.TarAsync(("ILSVRC2012_val_00000001.JPEG", DataSetFolder.Image(1))));
        Assert.Contains("Name the tar of one kind", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("both"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImagesThatTheValidationListCannotTellApart_AreRefused()
    {
        byte[] image = DataSetFolder.Image(1);
        await _folder.WriteAsync("val.tar", await DataSetFolder.TarAsync(("x/ILSVRC2012_val_1.JPEG", image), ("y/ILSVRC2012_val_1.JPEG", image)));
        await _folder.WriteAsync("validation_synset_labels.txt", "n01\nn02\n"u8.ToArray());
        Assert.Contains("holds 'ILSVRC2012_val_1.JPEG' more than once", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("val.tar"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTorchvisionReads_IsRead_AndWhatIsNot_IsToldByReason()
    {
        string[] read = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "jfif", "jpe", "gif", "BMP"];
        foreach (string extension in read)
            await _folder.WriteAsync($"set/a/1.{extension}", DataSetFolder.Image(1));
        foreach (string name in (string[])["b/1.jpg", "b/2.HEIC", "b/3.heic", "b/4.avif", "b/5.jxl", "b/6.svg", "b/7.pdf", "b/noextension", "b/.DS_Store", "notes/readme.txt"])
            await _folder.WriteAsync($"set/{name}", [1]);
        foreach (string folder in (string[])[".ipynb_checkpoints", "@eaDir", "__MACOSX", ".git", "$RECYCLE.BIN", "lost+found", "a/.ipynb_checkpoints", "a/@eaDir/x"])
            await _folder.WriteAsync($"set/{folder}/1.jpg", DataSetFolder.Image(1));
        Directory.CreateDirectory(_folder["set/empty"]);

        DataSet data = await FindAsync("set");

        Assert.Equal(["a", "b"], data.Classes!);
        Assert.Equal(read.Length + 1, data.SampleCount);
        Assert.Equal(9, Reason("hidden, or of the system").Count);
        Assert.Equal(2, Reason("HEIC is not read: save it as JPEG").Count);
        foreach (string reason in (string[])["AVIF is", "JPEG XL is", "SVG is", "PDF is", "a name without extension", ".txt is", "an empty folder, so no class"])
            Assert.Equal(1, Reason(reason).Count);

        LeftOut Reason(string start) => Assert.Single(data.LeftOut, left => left.Reason.StartsWith(start, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AClassThatLostAllItsImages_IsAnError_NamingItAndThem()
    {
        await _folder.WriteAsync("set/ant/1.heic", [1]);
        await _folder.WriteAsync("set/ant/2.heic", [1]);
        await _folder.WriteAsync("set/bee/1.jpg", DataSetFolder.Image(1));
        var error = await Assert.ThrowsAsync<ShardException>(() => FindAsync("set"));
        Assert.Contains("The class ant of", error.Message, StringComparison.Ordinal);
        Assert.Contains("has no image that can be read, and 2 files that are not", error.Message, StringComparison.Ordinal);
        Assert.Contains("set/ant/1.heic (HEIC is not read: save it as JPEG (heif-convert))", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TarsCompressedWithGzip_AreReadInTheirPlace_UnlessTheTarIsThereToo()
    {
        await _folder.WriteTarsAsync("set/t-", 2, 2, 2);
        foreach (int shard in (int[])[0, 1])
            await _folder.WriteAsync($"set/t-{shard:000}.tar.gz", await GzipAsync(await File.ReadAllBytesAsync(_folder[$"set/t-{shard:000}.tar"], Token)));
        File.Delete(_folder["set/t-001.tar"]);
        await _folder.WriteAsync("set/t-003.tar.zst", [1]);
        await _folder.WriteAsync("set/._t-000.tar", [1]);

        DataSet data = await FindAsync("set");
        Assert.Equal([0, 1, 2, 3, 4, 5], (await SamplesAsync(data)).Select(sample => sample.Label));
        Assert.Equal(
            ["._t-000.tar: hidden, or of the system", "t-000.tar.gz: the same tar is there uncompressed, and that one is read", "t-003.tar.zst: a tar compressed with zstd: unpack it, or compress it with gzip"],
            data.LeftOut.Select(left => $"{left.Example[(left.Example.LastIndexOf('/') + 1)..]}: {left.Reason}").Order(StringComparer.Ordinal));
        Assert.Equal([2, 3], (await SamplesAsync(await FindAsync("set/t-{001..001}.tar.gz"))).Select(sample => sample.Label));

        // From the middle it is read from its start; and no index is made of it.
        List<int> resumed = [];
        await foreach (Sample sample in new ShuffledSamples(await FindAsync("set/t-001.tar.gz")).ReadAsync(SampleOrder.AsWritten(cursor: 1), Token))
            resumed.Add(DataSetFolder.Number(sample));
        Assert.Equal([3], resumed);
        var files = new LocalFiles();
        var error = await Assert.ThrowsAsync<ShardException>(async () => await ShardIndexer.WriteAsync(files, (await files.FindAsync(_folder["set/t-001.tar.gz"], Token))!, DataLayout.WebDataset, Token));
        Assert.Contains("Unpack it (gunzip) to have both", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnMdsShardThatIsNotWhatItsHashSays_IsFound(bool compresses)
    {
        await _folder.WriteMdsAsync("mds", compresses, 3, 2);
        await (await FindAsync("mds")).VerifyAsync(Token);
        string shard = _folder["mds/shard.00001.mds" + (compresses ? ".zstd" : "")];
        byte[] content = await File.ReadAllBytesAsync(shard, Token);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(shard, content, Token);
        DataSet data = await FindAsync("mds");
        Assert.Contains("shard.00001.mds", (await Assert.ThrowsAsync<ShardException>(() => data.VerifyAsync(Token))).Message, StringComparison.Ordinal);
        if (!compresses)
            Assert.Contains("is not what its sha1 in index.json says", (await Assert.ThrowsAsync<ShardException>(() => data.VerifyAsync(Token))).Message, StringComparison.Ordinal);

        await File.WriteAllBytesAsync(shard, content[..^7], Token);
        if (!compresses)
            Assert.Contains("it was cut off or replaced", (await Assert.ThrowsAsync<ShardException>(() => FindAsync("mds"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesBesideMdsShards_AreToldByReason()
    {
        await _folder.WriteMdsAsync("mds", compresses: false, 2);
        await _folder.WriteAsync("mds/shard.00001.mds", [1]);
        await _folder.WriteAsync("mds/a/1.jpg", [1]);
        DataSet data = await FindAsync("mds");
        Assert.Equal(2, data.SampleCount);
        Assert.Contains(data.LeftOut, left => left.Reason == "an MDS shard that index.json does not name");
        Assert.Contains(data.LeftOut, left => left.Reason.Contains("imageFolder reads images instead", StringComparison.Ordinal));
    }

    private static async Task<byte[]> GzipAsync(byte[] content)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(content, Token);
        return packed.ToArray();
    }

    [Theory]
    [InlineData("\"ant\", \"ant\"", "in class_names 'ant' stands twice")]
    [InlineData("\"ant\", \"b\\u0007ee\"", "in class_names 'b\\u0007ee' has a control character")]
    public async Task ClassNamesThatNoJobCouldUse_AreRefused(string names, string expected)
    {
        await _folder.WriteTarsAsync("set/train-", 2);
        await _folder.WriteAsync("set/_info.json", System.Text.Encoding.UTF8.GetBytes($$"""{"splits": {"train": {"filenames": ["train-000.tar"], "class_names": [{{names}}] } } }"""));

        Assert.Contains(expected, (await Assert.ThrowsAsync<ShardException>(() => FindAsync("set/_info.json"))).Message, StringComparison.Ordinal);
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
