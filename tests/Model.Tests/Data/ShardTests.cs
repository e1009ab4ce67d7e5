using System.Formats.Tar;
using System.Text;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Tests.Data;

public class ShardTests
{
    [Fact]
    public async Task Samples_ComeBackAsWritten_WithFoldersDotsAndLongNames()
    {
        string longKey = $"{new string('d', 90)}/{new string('k', 120)}";
        byte[] tar = await Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("a/b.c/first", "jpg", new byte[] { 1, 2, 3 }, 7);
            await writer.WriteAsync("second", [("seg.png", new byte[] { 4 }), ("json", "{}"u8.ToArray()), ("txt", Array.Empty<byte>())]);
            await writer.WriteAsync(longKey, "png", new byte[70_000], 0);
        });

        List<Sample> samples = await Shards.ReadAsync(tar);

        Assert.Equal(["a/b.c/first", "second", longKey], samples.Select(sample => sample.Key));
        Assert.Equal([1, 2, 3], samples[0].Members["jpg"]);
        Assert.Equal("7"u8.ToArray(), samples[0].Members["cls"]);
        Assert.Equal(["seg.png", "json", "txt"], samples[1].Members.Keys);
        Assert.Empty(samples[1].Members["txt"]);
        Assert.Equal(70_000, samples[2].Members["png"].Length);
        Assert.Equal(0, samples[0].Offset);
        Assert.Equal(4 * 512, samples[1].Offset);
    }

    [Fact]
    public async Task SameSamples_AreTheSameBytes()
    {
        static Task Write(ShardWriter writer) => writer.WriteAsync("key", "jpg", new byte[600], 3);
        Assert.Equal(await Shards.WriteAsync(Write), await Shards.WriteAsync(Write));
    }

    [Fact]
    public async Task ForeignTars_AreRead_SkippingFoldersLinksAndMetadata()
    {
        using var memory = new MemoryStream();
        await using (var tar = new TarWriter(memory, TarEntryFormat.Pax, leaveOpen: true))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "train/"), TestContext.Current.CancellationToken);
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "train/x.jpg") { LinkName = "y.jpg" }, TestContext.Current.CancellationToken);
            foreach (string name in (string[])["__meta__/a.json", "train/README", "train/.hidden", "train/x.JPG", "train/x.Cls", "train/ü.jpg"])
                await tar.WriteEntryAsync(File(name), TestContext.Current.CancellationToken);
        }

        List<Sample> samples = await Shards.ReadAsync(memory.ToArray());

        Assert.Equal(["train/x", "train/ü"], samples.Select(sample => sample.Key));
        Assert.Equal(["jpg", "cls"], samples[0].Members.Keys);
    }

    [Fact]
    public async Task AnExtensionTwice_IsAnError_ThatNamesShardSampleAndByte()
    {
        using var memory = new MemoryStream();
        await using (var tar = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
            foreach (string name in (string[])["k.jpg", "k.JPG"])
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name), TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<ShardException>(() => Shards.ReadAsync(memory.ToArray()));
        Assert.Contains("s.tar holds 'jpg' of sample 'k' twice, the second time at byte 512", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATarCutAnywhere_IsAnError_AndNeverAShorterShard()
    {
        byte[] tar = await Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("a", "jpg", new byte[900], 1);
            await writer.WriteAsync("b", "jpg", new byte[10], 2);
        });
        int content = tar.Length - 1024;
        for (int length = 0; length <= content; length += 64)
        {
            var error = await Assert.ThrowsAsync<ShardException>(() => Shards.ReadAsync(tar[..length]));
            Assert.Contains("s.tar", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(2, (await Shards.ReadAsync(tar)).Count);
    }

    [Fact]
    public async Task SomethingElse_IsAnError_ThatNamesTheShard()
        => Assert.Contains("s.tar is no tar but a text, which begins \"xxx", (await Assert.ThrowsAsync<ShardException>(
            () => Shards.ReadAsync(Encoding.ASCII.GetBytes(new string('x', 4096))))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task TwoSamplesInARow_AreRefusedUnderOneKey()
        => Assert.Contains("the key 'a', and would be read back as one", (await Assert.ThrowsAsync<ArgumentException>(() => Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("a", "jpg", new byte[1], 1);
            await writer.WriteAsync("a", "png", new byte[1], 1);
        }))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a.b", "jpg")]
    [InlineData("__meta__/a", "jpg")]
    [InlineData("a", "JPG")]
    [InlineData("", "jpg")]
    [InlineData("a", "")]
    public async Task NamesThatWouldNotComeBack_AreRefused(string key, string extension)
        => await Assert.ThrowsAsync<ArgumentException>(() => Shards.WriteAsync(writer => writer.WriteAsync(key, extension, new byte[1], 1)));

    [Theory]
    [InlineData("t-{0008..0011}.tar", "t-0008.tar t-0009.tar t-0010.tar t-0011.tar")]
    [InlineData("{9..11}", "9 10 11")]
    [InlineData("{a,b}/{0..1}.tar", "a/0.tar a/1.tar b/0.tar b/1.tar")]
    [InlineData("plain.tar", "plain.tar")]
    public void Braces_ExpandAsInTheShell(string pattern, string expected)
        => Assert.Equal(expected.Split(' '), BraceExpansion.Expand(pattern));

    [Theory]
    [InlineData("{0..3")]
    [InlineData("0..3}")]
    [InlineData("{3..1}")]
    [InlineData("{a..c}")]
    [InlineData("{abc}")]
    [InlineData("{0..999999}{0..9}")]
    [InlineData("{0..2147483647}")]
    public void Braces_ThatMeanNothing_AreRefusedWithAnExample(string pattern)
        => Assert.Contains("train-{0000..1023}.tar", Assert.Throws<FormatException>(() => BraceExpansion.Expand(pattern)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("cls", " 12\n", 12)]
    [InlineData("json", "5", 5)]
    [InlineData("json", "{\"label\": 3, \"cls\": 4}", 3)]
    [InlineData("json", "{\"cls\": 4}", 4)]
    [InlineData("cls", "-1", null)]
    [InlineData("cls", "cat", null)]
    [InlineData("json", "{\"label\": \"cat\"}", null)]
    [InlineData("json", "{", null)]
    [InlineData("txt", "1", null)]
    public void Labels_AreReadFromClsOrJson(string extension, string text, int? expected)
    {
        var sample = new Sample("s", "k", 0, new Dictionary<string, byte[]> { ["png"] = [1], [extension] = Encoding.ASCII.GetBytes(text) });
        Assert.Equal(expected is not null, LabeledImage.TryRead(sample, requiresLabel: true, out LabeledImage image, out string reason));
        Assert.Equal(expected ?? 0, image.Label);
        Assert.Equal(expected is null, reason.StartsWith("no label", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cls", "cat\u001b[2J", "no label: its member cls holds 'cat\\u001b[2J', and a whole number from 0 on is needed")]
    [InlineData("cls", "-1", "no label: its member cls holds '-1', and a whole number from 0 on is needed")]
    [InlineData("cls", "", "no label: its member cls holds nothing, and a whole number from 0 on is needed")]
    [InlineData("cls", "a long sentence instead of the number of a class", "no label: its member cls holds 'a long sentence instead of the number of…', and a whole number from 0 on is needed")]
    [InlineData("json", "{\"label\": \"cat\"}", "no label: its member json says '\"cat\"', and a whole number from 0 on is needed")]
    [InlineData("json", "{\"wnid\": 7}", "no label: its member json has neither label nor cls")]
    [InlineData("json", "{", "no label: its member json cannot be read: it ends before it is complete (line 1, column 2)")]
    [InlineData("txt", "1", "no label: a member cls with a whole number is needed, or json with a number, {\"label\": n} or {\"cls\": n}")]
    public void AMissingLabel_IsToldWithWhatStandsInItsPlace(string extension, string text, string expected)
    {
        var sample = new Sample("s", "k", 0, new Dictionary<string, byte[]> { ["png"] = [1], [extension] = Encoding.ASCII.GetBytes(text) });
        Assert.True(LabeledImage.TryRead(sample, requiresLabel: false, out _, out string reason));
        Assert.Equal(expected, reason);
    }

    private static PaxTarEntry File(string name) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1]) };
}
