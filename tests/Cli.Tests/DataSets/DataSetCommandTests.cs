using System.Text.Json;
using Azure.Storage.Blobs;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.TestKit;
using NetVips;

namespace HrNetBatch.Cli.Tests.DataSets;

public sealed class DataSetCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Make_TurnsFoldersIntoMixedShards_WithLabelsInfoAndIndexes()
    {
        WriteImages("images", 4);
        string made = _folder.File("made");

        CommandResult result = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), made, "--shard-bytes", "6000", "--json"]);
        CommandResult again = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("again"), "--shard-bytes", "6000"]);
        CommandResult validation = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), made, "--split", "val"]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.True(validation.ExitCode == 0, validation.Error);
        string[] shards = [.. JsonDocument.Parse(result.Output).RootElement.GetProperty("shards").EnumerateArray().Select(name => name.GetString()!)];
        Assert.True(shards.Length > 1, string.Join(' ', shards));
        Assert.Equal("ant\nbee\ncat\n", await File.ReadAllTextAsync(Path.Combine(made, "labels.txt"), Cancellation));
        Assert.All(shards, shard => Assert.Equal(File.ReadAllBytes(Path.Combine(made, shard)), File.ReadAllBytes(Path.Combine(_folder.File("again"), shard))));
        Assert.All(shards, shard => Assert.True(File.Exists(Path.Combine(made, shard + ".index"))));

        DataSet data = await new DataSetFinder(new LocalFiles()).FindAsync($"{made}/_info.json#train", cancellationToken: Cancellation);
        Assert.Equal(12, data.SampleCount);
        List<string> labelled = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Cancellation))
            labelled.Add($"{sample.Key[..3]}{System.Text.Encoding.ASCII.GetString(sample.Members["cls"])} {string.Join(',', sample.Members.Keys)}");
        Assert.Equal(3, labelled.Distinct().Count());
        Assert.All(labelled, sample => Assert.Contains(sample, (string[])["ant0 png,cls", "bee1 png,cls", "cat2 png,cls"]));
        Assert.NotEqual(labelled.Order(StringComparer.Ordinal), labelled);
    }

    [Fact]
    public async Task Make_TakesTheClassesOfAnotherSplit_AndRefusesUnknownOnes()
    {
        WriteImages("images", 1);
        await File.WriteAllTextAsync(_folder.File("labels.txt"), "zebra\ncat\nbee\nant\n", Cancellation);
        await File.WriteAllTextAsync(_folder.File("few.txt"), "ant\nbee\n", Cancellation);

        CommandResult result = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("made"), "--labels", _folder.File("labels.txt")]);
        CommandResult refused = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("other"), "--labels", _folder.File("few.txt")]);

        Assert.True(result.ExitCode == 0, result.Error);
        await foreach (Sample sample in new ShuffledSamples(await new DataSetFinder(new LocalFiles()).FindAsync(_folder.File("made"), cancellationToken: Cancellation)).ReadAsync(SampleOrder.AsWritten(), Cancellation))
            Assert.Equal(sample.Key[..3] switch { "ant" => "3", "bee" => "2", _ => "1" }, System.Text.Encoding.ASCII.GetString(sample.Members["cls"]));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"has classes that --labels {_folder.File("few.txt")} lacks: cat", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Make_KeepsTheSplitsOfAFolderApart_UnderTheSameClasses()
    {
        WriteImages("train", 2);
        WriteImages("val", 1);
        WriteImages("other", 1);
        Directory.Delete(Path.Combine(_folder.File("val"), "ant"), recursive: true);
        Directory.Move(Path.Combine(_folder.File("other"), "ant"), Path.Combine(_folder.File("other"), "zebra"));
        string made = _folder.File("made");

        CommandResult train = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("train"), made]);
        CommandResult validation = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("val"), made, "--split", "val"]);
        CommandResult other = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("other"), made, "--split", "test"]);
        CommandResult inspected = await HrnetProcess.RunAsync(["dataset", "inspect", $"{made}/_info.json#val", "--all"]);

        Assert.True(train.ExitCode == 0, train.Error);
        Assert.Contains($"Name them as {made}/_info.json#train", train.Output.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.DoesNotContain("--class-count", train.Output, StringComparison.Ordinal);
        Assert.True(validation.ExitCode == 0, validation.Error);
        Assert.Equal("ant\nbee\ncat\n", await File.ReadAllTextAsync(Path.Combine(made, "labels.txt"), Cancellation));
        DataSet data = await new DataSetFinder(new LocalFiles()).FindAsync($"{made}/_info.json#val", cancellationToken: Cancellation);
        Assert.Equal(["ant", "bee", "cat"], data.Classes!);
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Cancellation))
            Assert.Equal(sample.Key[..3] == "cat" ? "2" : "1", System.Text.Encoding.ASCII.GetString(sample.Members["cls"]));
        Assert.Contains("3 classes: ant, bee, cat", inspected.Output, StringComparison.Ordinal);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("lacks: zebra", other.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.DoesNotContain("that The split", other.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(made, "test-000000.tar")));
    }

    [Theory]
    [InlineData("images/shards")]
    [InlineData("images")]
    public async Task Make_RefusesToWriteIntoItsSource(string target)
    {
        Directory.CreateDirectory(_folder.File("images/a"));
        await File.WriteAllBytesAsync(_folder.File("images/a/1.jpg"), [1], Cancellation);

        CommandResult refused = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File(target)]);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("would then hold shards beside its images", refused.Error, StringComparison.Ordinal);
        Assert.Equal([_folder.File("images/a/1.jpg")], Directory.GetFiles(_folder.File("images"), "*", SearchOption.AllDirectories));
    }

    /// <summary>Two tars that number their samples from 0000, one of which has a key twice, and one that suffixes would meet.</summary>
    [Fact]
    public async Task Make_GivesEverySampleOfTarsAKeyOfItsOwn_WhateverTheSeed()
    {
        foreach (int tar in Enumerable.Range(0, 2))
        {
            await using FileStream file = File.Create(_folder.File($"numbered-{tar}.tar"));
            await using var writer = new ShardWriter(file);
            foreach ((string key, int image) in ((string[])["0000", "0001", "0000", "0001_2"]).Index().Select(pair => (pair.Item, pair.Index)))
                await writer.WriteAsync(key, "ppm", Pixel(tar, image), tar, Cancellation);
        }

        Dictionary<string, string> made = await MadeAsync("numbered-{0..1}.tar", "0"), other = await MadeAsync("numbered-{0..1}.tar", "1");

        Assert.Equal(["0000", "0000_2", "0000_3", "0000_4", "0001", "0001_2", "0001_2_2", "0001_3"], made.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(8, made.Values.Distinct().Count());
        Assert.Equal(made, other);
    }

    [Fact]
    public async Task Make_GivesEverySampleOfAFolderAKeyOfItsOwn_WhateverTheSeed()
    {
        Directory.CreateDirectory(_folder.File("images/ant"));
        foreach ((int number, string name) in ((string[])["a.b.ppm", "a.PPM", "a.pnm.ppm", "a.png", "a.jpg", "a_b.ppm"]).Index())
            await File.WriteAllBytesAsync(_folder.File($"images/ant/{name}"), Pixel(7, number), Cancellation);

        Dictionary<string, string> made = await MadeAsync("images", "0"), other = await MadeAsync("images", "1");

        Assert.Equal(["ant/a", "ant/a_2", "ant/a_3", "ant/a_b", "ant/a_b_2", "ant/a_pnm"], made.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(6, made.Values.Distinct().Count());
        Assert.Equal(made, other);
    }

    [Fact]
    public async Task Make_LeavesOutWhatNoJobCouldUse_AndNamesIt()
    {
        WriteImages("images", 2);
        byte[] png = await File.ReadAllBytesAsync(_folder.File("images/cat/0.png"), Cancellation);
        using Image pixels = Image.NewFromBuffer(png);
        var broken = new Dictionary<string, (byte[] Content, string Reason)>
        {
            ["loose.png"] = (png, "no label, where other samples have one"),
            ["cat/empty.jpg"] = ([], "the file is empty"),
            ["cat/page.jpg"] = ([.. "<!DOCTYPE html><html><body>404</body></html>"u8], "a web page, not an image"),
            ["cat/half.jpg"] = (pixels.JpegsaveBuffer()[..^40], "the JPEG is truncated"),
            ["cat/half.png"] = (png[..^40], "the PNG is truncated"),
        };
        foreach ((string name, (byte[] content, _)) in broken)
            await File.WriteAllBytesAsync(_folder.File($"images/{name}"), content, Cancellation);
        foreach (int many in Enumerable.Range(0, 10))
            await File.WriteAllBytesAsync(_folder.File($"images/ant/none-{many}.png"), [], Cancellation);
        Directory.CreateDirectory(_folder.File("nothing"));
        await File.WriteAllBytesAsync(_folder.File("nothing/empty.jpg"), [], Cancellation);

        CommandResult many15 = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("many")]);
        foreach (int many in Enumerable.Range(0, 10))
            File.Delete(_folder.File($"images/ant/none-{many}.png"));
        CommandResult result = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("made")]);
        CommandResult nothing = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("nothing"), _folder.File("none")]);
        CommandResult inspected = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("made"), "--all"]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.All(broken, pair => Assert.Contains($"Left out {_folder.File($"images/{pair.Key}")}: {pair.Value.Reason}", result.Error, StringComparison.Ordinal));
        Assert.StartsWith("Left out 5 of 11 samples", result.Output.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.True(inspected.ExitCode == 0, inspected.Output);
        Assert.Contains("6 samples", inspected.Output, StringComparison.Ordinal);
        Assert.True(many15.ExitCode == 0, many15.Error);
        Assert.Equal(10, many15.Error.Split("Left out ").Length - 1);
        Assert.Contains("All 15 samples that are left out, by reason:", many15.Error, StringComparison.Ordinal);
        Assert.Contains("11 left out, such as ", many15.Error, StringComparison.Ordinal);
        Assert.Equal(1, nothing.ExitCode);
        Assert.Contains("can be used: all 1 are left out", nothing.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("none/_info.json")));
    }

    [Fact]
    public async Task Make_RefusesLabelsThatAreDoubledOrHoldControlCharacters()
    {
        WriteImages("images", 1);
        await File.WriteAllTextAsync(_folder.File("doubled.txt"), "ant\nbee\ncat\nbee\n", Cancellation);
        await File.WriteAllBytesAsync(_folder.File("latin.txt"), [.. "ant\ncaf"u8, 0xE9, (byte)'\n'], Cancellation);
        await File.WriteAllTextAsync(_folder.File("control.txt"), "ant\nbee\ncat\nd\u001b[2Jog\n", Cancellation);
        Directory.CreateDirectory(_folder.File("folders/two\nlines"));
        File.Copy(_folder.File("images/cat/0.png"), _folder.File("folders/two\nlines/0.png"));

        CommandResult doubled = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("made"), "--labels", _folder.File("doubled.txt")]);
        CommandResult control = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("made"), "--labels", _folder.File("control.txt")]);
        CommandResult folder = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("folders"), _folder.File("made")]);
        CommandResult latin = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), _folder.File("made"), "--labels", _folder.File("latin.txt")]);

        Assert.Equal((2, 2, 1), (doubled.ExitCode, control.ExitCode, folder.ExitCode));
        Assert.Contains("'bee' stands twice", doubled.Error, StringComparison.Ordinal);
        Assert.Contains("'d\\u001b[2Jog' has a control character", control.Error, StringComparison.Ordinal);
        Assert.Contains("'two\\u000alines' has a control character", folder.Error, StringComparison.Ordinal);
        Assert.Contains("latin.txt is not UTF-8: save it as a text in UTF-8", latin.Error, StringComparison.Ordinal);
    }

    /// <summary>One file that is no data set: what it is, and what to do.</summary>
    [Fact]
    public async Task Inspect_SaysWhatASingleFileIs()
    {
        WriteImages("images", 1);
        string image = _folder.File("images/cat/0.png"), packed = _folder.File("t.tar.bz2"), unnamed = _folder.File("shard.data"), page = _folder.File("page");
        await File.WriteAllBytesAsync(packed, [.. "BZh91AY&SY"u8], Cancellation);
        await using (FileStream file = File.Create(unnamed))
        await using (var writer = new ShardWriter(file))
            await writer.WriteAsync("a", "ppm", Pixel(1, 1), 0, Cancellation);
        await File.WriteAllTextAsync(page, "<!DOCTYPE html><html><title>Sign in</title></html>", Cancellation);

        foreach ((string file, string command, string expected) in ((string, string, string)[])
            [
                (image, "inspect", "is one file, an image: name the folder that it lies in"),
                (packed, "inspect", "is one file, a tar compressed with bzip2, which is not read: unpack it, or compress it with gzip instead"),
                (packed, "index", "is one file, a tar compressed with bzip2"),
                (unnamed, "inspect", "is one file, a tar: give it a name that ends in .tar"),
                (page, "inspect", "is one file, a web page (\"Sign in\")"),
            ])
        {
            CommandResult refused = await HrnetProcess.RunAsync(["dataset", command, file]);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains($"{file} {expected}", refused.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("There is no", refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Make_MixesWhatIsSortedInTheSource_OverAllShards()
    {
        const int PerClass = 800;
        foreach (int label in Enumerable.Range(0, 3))
        {
            await using FileStream file = File.Create(_folder.File($"sorted-{label}.tar"));
            await using var writer = new ShardWriter(file);
            foreach (int image in Enumerable.Range(0, PerClass))
                await writer.WriteAsync($"{label}/{image}", "ppm", Pixel(label, image), label, Cancellation);
        }

        CommandResult result = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("sorted-{0..2}.tar"), _folder.File("made"), "--shard-bytes", "400000"]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("Reading the source once", result.Error + result.Output, StringComparison.Ordinal);
        var classes = new List<char>();
        await foreach (Sample sample in new ShuffledSamples(await new DataSetFinder(new LocalFiles()).FindAsync(_folder.File("made"), cancellationToken: Cancellation)).ReadAsync(SampleOrder.AsWritten(), Cancellation))
            classes.Add(sample.Key[0]);
        Assert.Equal(3 * PerClass, classes.Count);
        // Of two hundred samples in a row each class has about a third.
        Assert.All(classes.Chunk(200), chunk => Assert.All("012", label => Assert.InRange(chunk.Count(one => one == label), 40, 95)));
    }

    [Fact]
    public async Task Inspect_TellsLayoutAndClasses_AndWithAllWhatIsBroken()
    {
        WriteImages("images", 2);
        await File.WriteAllTextAsync(Path.Combine(_folder.File("images"), "cat", "bad.png"), "nonsense", Cancellation);

        CommandResult quick = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("images")]);
        CommandResult all = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("images"), "--all", "--json"]);
        CommandResult nothing = await HrnetProcess.RunAsync(["dataset", "inspect", Directory.CreateDirectory(_folder.File("nothing")).FullName]);

        Assert.True(quick.ExitCode == 0, quick.Error);
        Assert.Contains("a folder for each class, 7 images, 7 samples", quick.Output, StringComparison.Ordinal);
        Assert.Contains("3 classes: ant, bee, cat", quick.Output, StringComparison.Ordinal);
        Assert.Equal(1, all.ExitCode);
        JsonElement report = JsonDocument.Parse(all.Output).RootElement;
        Assert.Equal(("imageFolder", 7, 1), (report.GetProperty("layout").GetString(), report.GetProperty("sampleCount").GetInt64(), report.GetProperty("brokenCount").GetInt64()));
        Assert.Contains("bad.png", report.GetProperty("broken")[0].GetProperty("shard").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, nothing.ExitCode);
        Assert.Contains("There is no .tar file and no image under", nothing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_EndsWithOne_WhereAJobWouldRefuseTheData()
    {
        string tar = _folder.File("t.tar"), labelled = _folder.File("labels/t.tar");
        await File.WriteAllBytesAsync(tar, new byte[10240], Cancellation);
        WriteImages("images", 1);
        Directory.CreateDirectory(_folder.File("labels"));
        await using (FileStream file = File.Create(labelled))
        await using (var writer = new ShardWriter(file))
            await writer.WriteAsync("a", [("png", await File.ReadAllBytesAsync(_folder.File("images/cat/0.png"), Cancellation)), ("cls", "cat"u8.ToArray())], Cancellation);
        WriteImages("heic", 1);
        File.Move(_folder.File("heic/cat/0.png"), _folder.File("heic/cat/0.heic"));
        await File.WriteAllTextAsync(_folder.File("images/cat/notes.txt"), "", Cancellation);

        CommandResult empty = await HrnetProcess.RunAsync(["dataset", "inspect", tar, "--all"]);
        CommandResult unlabelled = await HrnetProcess.RunAsync(["dataset", "inspect", labelled, "--all"]);
        CommandResult allowed = await HrnetProcess.RunAsync(["dataset", "inspect", labelled, "--all", "--unlabelled"]);
        CommandResult lost = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("heic")]);
        CommandResult leftOut = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("images"), "--json"]);

        Assert.Equal((1, 1, 0, 1, 0), (empty.ExitCode, unlabelled.ExitCode, allowed.ExitCode, lost.ExitCode, leftOut.ExitCode));
        Assert.Contains("There is no sample in it", empty.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 1 sample has no label", unlabelled.Output, StringComparison.Ordinal);
        Assert.Contains($"  {labelled} a: no label: its member cls holds 'cat', and a whole number from 0 on is needed", unlabelled.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("The class cat of", lost.Error, StringComparison.Ordinal);
        JsonElement left = JsonDocument.Parse(leftOut.Output).RootElement.GetProperty("leftOut")[0];
        Assert.Equal(1, left.GetProperty("count").GetInt64());
        Assert.EndsWith("notes.txt", left.GetProperty("example").GetString(), StringComparison.Ordinal);
    }

    /// <summary>What has no label is named, the first of them, in the words of its layout.</summary>
    [Fact]
    public async Task Inspect_NamesTheSamplesWithoutALabel_AndLabelsWithoutAClass()
    {
        WriteImages("images", 1);
        byte[] png = await File.ReadAllBytesAsync(_folder.File("images/cat/0.png"), Cancellation);
        foreach (int loose in Enumerable.Range(0, 22)) await File.WriteAllBytesAsync(_folder.File($"images/loose-{loose:00}.png"), png, Cancellation);
        Directory.CreateDirectory(_folder.File("tars"));
        await using (FileStream file = File.Create(_folder.File("tars/t.tar")))
        await using (var writer = new ShardWriter(file))
        {
            await writer.WriteAsync("a", "png", png, 1, Cancellation);
            await writer.WriteAsync("b", "png", png, 7, Cancellation);
        }
        await File.WriteAllTextAsync(_folder.File("tars/_info.json"), """{"splits": {"t": {"filenames": ["t.tar"], "class_names": ["ant", "bee"]}}}""", Cancellation);

        CommandResult loosely = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("images"), "--all"]);
        CommandResult beyond = await HrnetProcess.RunAsync(["dataset", "inspect", _folder.File("tars"), "--all", "--json"]);

        Assert.Equal((1, 1), (loosely.ExitCode, beyond.ExitCode));
        string[] lines = loosely.Output.ReplaceLineEndings("\n").Split('\n');
        int at = Array.FindIndex(lines, line => line.StartsWith("22 of 25 samples have no label: ", StringComparison.Ordinal));
        Assert.DoesNotContain("cls", string.Concat(lines), StringComparison.Ordinal);
        Assert.Equal($"  {_folder.File("images/loose-00.png")}: no label: it lies in no folder of a class: move it into the folder that is called by its class, or out of the data set", lines[at + 1]);
        Assert.Equal("  and 2 more", lines[at + 21]);
        Assert.Equal(
            "1 sample has a label such as 7, and the data name 2 classes, from 0 on: a job refuses them. Correct the labels, or name all classes.",
            JsonDocument.Parse(beyond.Output).RootElement.GetProperty("faults")[0].GetString());
    }

    [Fact]
    public async Task MakeIndexAndInspect_WorkOnBlobs()
    {
        WriteImages("images", 2);
        BlobContainerClient container = await azurite.CreateContainerAsync();
        var environment = new Dictionary<string, string>
        {
            ["HrNetBatch__Blobs__Accounts__test__ConnectionString"] = await azurite.ConnectionStringAsync(),
        };
        string target = $"blob://test/{container.Name}/set";

        CommandResult made = await HrnetProcess.RunAsync(["dataset", "make", _folder.File("images"), target], environment);
        await container.DeleteBlobAsync("set/train-000000.tar.index", cancellationToken: Cancellation);
        CommandResult indexed = await HrnetProcess.RunAsync(["dataset", "index", target], environment);
        CommandResult inspected = await HrnetProcess.RunAsync(["dataset", "inspect", target, "--all"], environment);

        Assert.True(made.ExitCode == 0, made.Error);
        Assert.True(indexed.ExitCode == 0, indexed.Error);
        Assert.Contains("Indexed 1 tar with 6 samples", indexed.Output, StringComparison.Ordinal);
        Assert.True((await container.GetBlobClient("set/train-000000.tar.index").ExistsAsync(Cancellation)).Value);
        Assert.True(inspected.ExitCode == 0, inspected.Error);
        Assert.Contains("WebDataset tars, 1 shard, 6 samples", inspected.Output, StringComparison.Ordinal);
        Assert.Contains("Every image can be decoded.", inspected.Output, StringComparison.Ordinal);
    }

    // Makes shards, and reads them back: what lies under which key.
    private async Task<Dictionary<string, string>> MadeAsync(string source, string seed)
    {
        string target = _folder.File($"made-{seed}");
        CommandResult result = await HrnetProcess.RunAsync(["dataset", "make", _folder.File(source), target, "--seed", seed]);
        Assert.True(result.ExitCode == 0, result.Error);
        var made = new Dictionary<string, string>();
        await foreach (Sample sample in new ShuffledSamples(await new DataSetFinder(new LocalFiles()).FindAsync(target, cancellationToken: Cancellation)).ReadAsync(SampleOrder.AsWritten(), Cancellation))
        {
            Assert.Equal(["cls", "ppm"], sample.Members.Keys.Order(StringComparer.Ordinal));
            made.Add(sample.Key, Convert.ToHexString(sample.Members["ppm"]));
        }
        return made;
    }

    private static byte[] Pixel(int red, int number) => [.. "P6 1 1 255\n"u8, (byte)red, (byte)(number >> 8), (byte)number];

    private void WriteImages(string name, int count)
    {
        var random = new Random(1);
        foreach (string label in (string[])["cat", "ant", "bee"])
        {
            Directory.CreateDirectory(Path.Combine(_folder.File(name), label));
            for (int image = 0; image < count; image++)
            {
                byte[] rgb = new byte[3 * 20 * 20];
                random.NextBytes(rgb);
                using Image pixels = Image.NewFromMemory(rgb, 20, 20, 3, Enums.BandFormat.Uchar);
                File.WriteAllBytes(Path.Combine(_folder.File(name), label, $"{image}.png"), pixels.PngsaveBuffer());
            }
        }
    }
}
