using System.IO.Compression;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Tar;

namespace HrNetBatch.Model.Tests.Data.Tar;

public sealed class TarArchiveTests
{
    private static readonly byte[] Image = [.. Enumerable.Range(0, 700).Select(value => (byte)value)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a size that no file has", "s.tar is truncated or not a tar, at byte 0: the header of 'k.jpg': it is said to have")]
    [InlineData("a negative size", "at byte 0: its size is no number")]
    [InlineData("a long name of gigabytes", "at byte 0: a long name or attributes of 4294967296 bytes")]
    [InlineData("attributes of gigabytes", "at byte 0: a long name or attributes of 4294967296 bytes")]
    [InlineData("attributes without length", "at byte 0: an attribute does not say how long it is")]
    [InlineData("attributes without member", "at byte 1024: the archive ends where the member")]
    [InlineData("a hole of gigabytes", "holds 'k.jpg' of 8589934592 bytes at byte 0: larger than any image with holes in it. Write the tar without --sparse.")]
    [InlineData("pieces that overlap", "its piece of 10 bytes at byte 5 of the file cannot be")]
    [InlineData("a million pieces", "it is said to be in 1000000 pieces")]
    [InlineData("pieces outside", "its piece of 10 bytes at byte 95 of the file cannot be")]
    [InlineData("a sparse format of the future", "it has holes in a format 2.0 that is not known")]
    [InlineData("two tars joined", "s.tar ends before byte 2560, and there another tar begins")]
    [InlineData("zstd", "s.tar is no tar but compressed with zstd: unpack it, or compress it with gzip instead.")]
    [InlineData("a page", "s.tar is no tar but a web page (\"Sign in\"): a download that failed, or that wanted a sign-in.")]
    [InlineData("a short page", "s.tar is no tar but a web page (\"404\")")]
    [InlineData("a pointer", "s.tar is no tar but a pointer of Git LFS, not the file itself: fetch it with git lfs pull.")]
    [InlineData("an answer", "s.tar is no tar but XML, which begins \"<Error><Code>AccessDenied</Code></Error>\", perhaps the answer to a download that failed.")]
    [InlineData("nothing", "s.tar is no tar but empty: the download or the copy of it failed, so repeat that.")]
    [InlineData("zeros", "s.tar is no tar but nothing but zeros where it begins: a download that was never finished")]
    [InlineData("a zip", "s.tar is no tar but a zip archive: unpack it, and name the folder.")]
    [InlineData("an image", "s.tar is no tar but an image. Correct its name.")]
    [InlineData("a page in gzip", "s.tar is no tar but a web page")]
    [InlineData("a wrong checksum of gzip", "s.tar is compressed with gzip and damaged behind byte 2048 of what is in it, where 'k.jpg' is or what comes after it: its data do not unpack, or are not those that its checksum was made of. Upload it again")]
    [InlineData("gzip cut off", "s.tar")]
    [InlineData("gzip damaged", "s.tar is compressed with gzip and damaged behind byte")]
    [InlineData("zstd in gzip", "s.tar is no tar but compressed with zstd")]
    [InlineData("a member cut off", "s.tar is truncated or not a tar, at byte 1024: it ends inside 'k.jpg', which has 700 bytes")]
    public async Task AFaultOfATar_NamesTheShard_ThePlace_AndWhatIsWrong(string fault, string expected)
    {
        byte[] member = TarBytes.Member("k.jpg", Image), whole = [.. member, .. TarBytes.End];
        byte[] tar = fault switch
        {
            "a size that no file has" => [.. TarBytes.Header("k.jpg", '0', 0, block => TarBytes.Binary(block, 124, 12, long.MaxValue)), .. TarBytes.End],
            "a negative size" => [.. TarBytes.Header("k.jpg", '0', 0, block => block.AsSpan(124, 12).Fill(0xFF)), .. TarBytes.End],
            "a long name of gigabytes" => [.. TarBytes.Header("k.jpg", 'L', 0, block => TarBytes.Binary(block, 124, 12, 1L << 32)), .. TarBytes.End],
            "attributes of gigabytes" => [.. TarBytes.Header("k.jpg", 'g', 0, block => TarBytes.Binary(block, 124, 12, 1L << 32)), .. TarBytes.End],
            "attributes without length" => [.. TarBytes.Member("x", "path=k.jpg\n"u8.ToArray(), 'x'), .. whole],
            "attributes without member" => [.. TarBytes.Pax(("path", "k.jpg")), .. TarBytes.End],
            "a hole of gigabytes" => [.. TarBytes.Pax(("GNU.sparse.size", "8589934592"), ("GNU.sparse.name", "k.jpg")), .. TarBytes.Member("k.jpg", []), .. TarBytes.End],
            "pieces that overlap" => [.. TarBytes.Pax(("GNU.sparse.size", "100"), ("GNU.sparse.map", "0,10,5,10")), .. whole],
            "a million pieces" => [.. TarBytes.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "9")), .. TarBytes.Member("k.jpg", "1000000\n0\n1\n"u8.ToArray()), .. TarBytes.End],
            "pieces outside" => [.. TarBytes.Pax(("GNU.sparse.size", "100"), ("GNU.sparse.map", "95,10")), .. whole],
            "a sparse format of the future" => [.. TarBytes.Pax(("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "9")), .. whole],
            "two tars joined" => [.. whole, .. whole],
            "zstd" => [0x28, 0xB5, 0x2F, 0xFD, .. new byte[600]],
            "a page" => [.. "\n<!DOCTYPE html><title>Sign in</title>"u8, .. new byte[600]],
            "a short page" => "<html><title>404</title></html>"u8.ToArray(),
            "a pointer" => "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"u8.ToArray(),
            "an answer" => "<Error><Code>AccessDenied</Code></Error>"u8.ToArray(),
            "nothing" => [],
            "zeros" => new byte[3 << 20],
            "a zip" => [.. "PK\u0003\u0004"u8, .. new byte[600]],
            "an image" => [0xFF, 0xD8, 0xFF, 0xE0, .. new byte[600]],
            "a page in gzip" => Gzip("<html><title>404</title></html>"u8.ToArray()),
            "a wrong checksum of gzip" => WithWrongChecksum(Gzip(whole)),
            "gzip cut off" => Gzip(whole)[..40],
            "gzip damaged" => Damage(Gzip(whole)),
            "zstd in gzip" => Gzip([0x28, 0xB5, 0x2F, 0xFD, .. new byte[600]]),
            "a member cut off" => whole[..1024],
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        };
        ShardException error = await Assert.ThrowsAsync<ShardException>(() => Shards.ReadAsync(tar));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("archive entry", error.Message, StringComparison.Ordinal);   // .NET's word
        Assert.False(error.InnerException is IOException, "another try would not mend it");
    }

    [Fact]
    public async Task ATarOfGnusIncrementalBackups_HasNoTimesInItsNames()
    {
        byte[] tar = [.. TarBytes.Member("k.jpg", Image, '0', block =>
        {
            "ustar  \0"u8.CopyTo(block.AsSpan(257));
            TarBytes.Octal(block, 345, 12, 1_700_000_000);
            TarBytes.Octal(block, 357, 12, 1_700_000_000);
        }), .. TarBytes.End];
        Assert.Equal("k", Assert.Single(await Shards.ReadAsync(tar)).Key);
    }

    [Fact]
    public async Task ATarOfOldWithoutAnyMagic_IsRead()
    {
        byte[] tar = [.. TarBytes.Member("dir/", [], '\0', Old), .. TarBytes.Member("dir/k.jpg", Image, '\0', Old), .. TarBytes.End];
        Assert.Equal(Image, Assert.Single(await Shards.ReadAsync(tar)).Members["jpg"]);
        static void Old(byte[] block) => block.AsSpan(257, 8).Clear();
    }

    [Fact]
    public async Task AWrongLength_CostsNoMoreMemoryThanTheFileHas()
    {
        byte[] tar = [.. TarBytes.Header("k.jpg", '0', TarArchive.LargestMemberBytes), .. Image];
        long before = GC.GetAllocatedBytesForCurrentThread();
        await Assert.ThrowsAsync<ShardException>(() => Shards.ReadAsync(tar));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public async Task WhatBelongsToNoSample_IsCountedByReason()
    {
        byte[] tar =
        [
            .. TarBytes.Member("k.jpg", Image), .. TarBytes.Header("l.jpg", '1', 0), .. TarBytes.Member("README", Image), .. TarBytes.Member("._k.jpg", Image),
            .. TarBytes.Header("dir", '5', 0), .. TarBytes.Member("__meta__/x.json", Image), .. TarBytes.End,
        ];
        var files = new MemoryFiles { ["set/t.tar"] = tar };
        DataSet data = await new HrNetBatch.Model.Data.Layouts.DataSetFinder(files).FindAsync("set/", cancellationToken: Token);
        Assert.Empty(data.LeftOut);
        await foreach (Sample _ in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Token))
            continue;
        Assert.Equal(4, data.LeftOut.Sum(left => left.Count));
        Assert.Contains(data.LeftOut, left => left.Reason.Contains("--hard-dereference", StringComparison.Ordinal) && left.Example == "set/t.tar#l.jpg");
    }

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }

    [Fact]
    public async Task ASampleThatIsLargerThanAnyImageWithItsLabels_IsRefused_BeforeItIsRead()
    {
        byte[] tar = [.. TarBytes.Member("k.jpg", Image), .. TarBytes.Header("k.npy", '0', TarArchive.LargestMemberBytes)];
        ShardException error = await Assert.ThrowsAsync<ShardException>(() => Shards.ReadAsync(tar));
        Assert.Contains("holds sample 'k' of more than 1073741824 bytes, with 'k.npy' at byte 1536", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEmptyTar_OfOneRecord_IsNoFault() => Assert.Empty(await Shards.ReadAsync(new byte[20 * 512]));

    private static byte[] WithWrongChecksum(byte[] gzip)
    {
        gzip[^8] ^= 0xFF;
        return gzip;
    }

    private static byte[] Damage(byte[] gzip)
    {
        gzip.AsSpan(20, 12).Fill(0xFF);
        return gzip;
    }
}
