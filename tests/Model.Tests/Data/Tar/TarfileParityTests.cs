using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Tar;
using HrNetBatch.TestKit;

namespace HrNetBatch.Model.Tests.Data.Tar;

/// <summary>Python's tarfile writes tars, or has GNU tar write them, and says how it reads them, as webdataset does: forwards. We read the same.</summary>
public sealed class TarfileParityTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private const string Script = """"
        import hashlib, io, json, os, shutil, subprocess, sys, tarfile
        out = sys.argv[1]
        os.chdir(out)

        def info(name, content, **fields):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for field, value in fields.items():
                setattr(member, field, value)
            return member, io.BytesIO(content)

        def write(name, members, format, mode="w", **options):
            with tarfile.open(name, mode, format=format, **options) as tar:
                for member, content in members:
                    content.seek(0)
                    tar.addfile(member, content)

        image = bytes(range(256)) * 5
        samples = [info("a/s0.jpg", image), info("a/s0.cls", b"3"), info("a/s1.jpg", image[:700]), info("a/s1.cls", b"4\n"), info("a/empty.txt", b"")]
        formats = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}
        for name, format in formats.items():
            write(f"plain-{name}.tar", samples, format)
            write(f"plain-{name}.tar.gz", samples, format, "w:gz")
            if name != "ustar":
                write(f"nobody-{name}.tar", [info("s.jpg", image, uid=4294967294, gid=4294967294), info("s.cls", b"1", mtime=2**40)], format)
                write(f"long-{name}.tar", [info("d" * 120 + "/" + "k" * 180 + ".jpg", image), info("\u00fc/\u732b.jpg", image), info("link", b"", type=tarfile.SYMTYPE, linkname="t" * 200)], format)
        write("prefix.tar", [info("d" * 90 + "/" + "e" * 60 + "/k.jpg", image)], tarfile.USTAR_FORMAT)
        write("really-gzip.tar", samples, tarfile.GNU_FORMAT, "w:gz")
        write("latin1.tar", [info("\udcfc.jpg", image), info("\udcf6.jpg", image)], tarfile.GNU_FORMAT)
        write("kinds.tar", [
            info("seven.jpg", image, type=tarfile.CONTTYPE), info("seven.cls", b"7"), info("dir", b"", type=tarfile.DIRTYPE), info("old.jpg", image, type=tarfile.AREGTYPE),
            info("hard.jpg", b"", type=tarfile.LNKTYPE, linkname="old.jpg"), info("soft.jpg", b"", type=tarfile.SYMTYPE, linkname="old.jpg"),
            info("fifo", b"", type=tarfile.FIFOTYPE), info("dev", b"", type=tarfile.CHRTYPE), info("last.jpg", image)], tarfile.GNU_FORMAT)
        write("global.tar", [info("s.jpg", image, pax_headers={"comment": "mine", "mtime": "1.5"})], tarfile.PAX_FORMAT, pax_headers={"comment": "\u00e4" * 3000})
        write("empty.tar", [], tarfile.GNU_FORMAT)

        # A keyword twice: the last counts.
        records = b"".join(b"%d %s=%s\n" % (len(keyword) + len(value) + 5, keyword, value) for keyword, value in
            [(b"path", b"first.jpg"), (b"mtime", b"11111"), (b"path", b"third.jpg"), (b"mtime", b"22222")])
        def raw(name, content, kind=tarfile.REGTYPE, **fields):
            member, data = info(name, content, type=kind, **fields)
            return member.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)
        open("twice.tar", "wb").write(raw("p", records, tarfile.XHDTYPE) + raw("s.jpg", image) + bytes(1024))

        # A size in binary, and a checksum of signed bytes.
        def summed(block, signed=False):
            block = bytearray(block)
            block[148:156] = b" " * 8
            total = sum((b - 256 if signed and b > 127 else b) for b in block)
            block[148:156] = b"%06o\0 " % total
            return bytes(block)
        header = bytearray(info("binary.jpg", image)[0].tobuf(tarfile.GNU_FORMAT))
        header[124:136] = b"\x80" + len(image).to_bytes(11, "big")
        signed = bytearray(info("\udcff\udcfe.jpg", image)[0].tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        open("numbers.tar", "wb").write(summed(header) + image + bytes(-len(image) % 512) + summed(signed, True) + image + bytes(-len(image) % 512) + bytes(1024))

        # Files with holes, of every format that GNU tar writes; one is in more pieces than a header holds.
        os.mkdir("holes")
        def holes(name, pieces, size):
            with open(name, "wb") as file:
                for at, content in pieces:
                    file.seek(at)
                    file.write(content)
                file.truncate(size)
        holes("holes/s1.jpg", [(0, b"head"), (40960, b"middle" * 100), (81920, b"tail")], 200000)
        holes("holes/s2.jpg", [(8192 * i, bytes([i]) * 4096) for i in range(1, 60)], 8192 * 60 + 5)
        holes("holes/s3.jpg", [], 70000)
        open("holes/s4.jpg", "wb").write(image)
        shutil.copy("holes/s4.jpg", "holes/s4.png")
        for name, options in {"sparse-gnu": ["--format=gnu"], "sparse-00": ["--format=pax", "--sparse-version=0.0"],
                              "sparse-01": ["--format=pax", "--sparse-version=0.1"], "sparse-10": ["--format=pax", "--sparse-version=1.0"]}.items():
            subprocess.run(["tar", "--sparse", "--hole-detection=raw", "--sort=name", *options, "-cf", name + ".tar", "holes"], check=True)
            with open(name + ".tar", "rb") as file:
                assert b"sparse" in file.read() or name == "sparse-gnu"

        def utf8(name):
            raw = name.encode("utf-8", "surrogateescape")
            try:
                return raw.decode("utf-8")
            except UnicodeDecodeError:
                return raw.decode("latin-1")
        result = {}
        for name in sorted(os.listdir(".")):
            if ".tar" in name:
                with tarfile.open(name, "r|*") as tar:
                    result[name] = [[utf8(member.name), hashlib.sha256(tar.extractfile(member).read()).hexdigest()] for member in tar if member.isreg()]
        json.dump(result, open("expected.json", "w"))
        """";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EveryKindOfTar_IsReadAsPythonsTarfileReadsIt_FromTheStartAndFromTheMiddle()
    {
        Dictionary<string, string[][]> expected = await WriteAsync();
        Assert.True(expected.Count >= 22, string.Join(' ', expected.Keys));
        Assert.Contains(expected["sparse-10.tar"], member => member[0] == "holes/s2.jpg");
        foreach ((string tar, string[][] members) in expected)
        {
            var found = new List<string[]>();
            await using FileStream file = File.OpenRead(_folder.File(tar));
            await using var archive = new TarArchive(file, tar);
            while (await archive.NextAsync(Token) is { } member)
                if (member.IsFile)
                    found.Add([member.Name, Convert.ToHexStringLower(SHA256.HashData(await archive.ReadAsync(Token)))]);
            Assert.True(members.Select(Text).SequenceEqual(found.Select(Text)), $"{tar}: {string.Join(", ", members.Select(Text))} but {string.Join(", ", found.Select(Text))}");
            if (!archive.IsCompressed)
                await AssertReadFromTheMiddleAsync(tar);
        }
    }

    private async Task AssertReadFromTheMiddleAsync(string tar)
    {
        var files = new LocalFiles();
        DataFile file = (await files.FindAsync(_folder.File(tar), Token))!;
        await ShardIndexer.WriteAsync(files, file, DataLayout.WebDataset, Token);
        DataFile index = (await files.FindAsync(_folder.File(tar) + ".index", Token))!;
        var shard = new TarShard(files, file, index, null);
        List<Sample> all = [];
        await foreach (Sample sample in shard.ReadAsync(0, Token))
            all.Add(sample);
        Assert.Equal(shard.SampleCount, all.Count);
        List<Sample> picked = [];
        if (all.Count > 0)
            await foreach ((_, Sample sample) in shard.PickAsync([.. Enumerable.Range(0, all.Count).Select(number => (long)number)], Token))
                picked.Add(sample);
        await foreach (Sample sample in shard.ReadAsync(1, Token))
            picked.Add(sample);
        foreach ((Sample whole, Sample part) in all.Concat(all.Skip(1)).Zip(picked))
        {
            Assert.Equal((whole.Key, whole.Offset, whole.End), (part.Key, part.Offset, part.End));
            Assert.All(whole.Members, member => Assert.Equal(member.Value, part.Members[member.Key]));
        }
    }

    private async Task<Dictionary<string, string[][]>> WriteAsync()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        await File.WriteAllTextAsync(_folder.File("script.py"), Script, Token);
        using Process python = Process.Start(new ProcessStartInfo(Python, [_folder.File("script.py"), _folder.Path]) { RedirectStandardError = true })!;
        string error = await python.StandardError.ReadToEndAsync(Token);
        await python.WaitForExitAsync(Token);
        Assert.True(python.ExitCode == 0, error);
        await using FileStream expected = File.OpenRead(_folder.File("expected.json"));
        return (await JsonSerializer.DeserializeAsync<Dictionary<string, string[][]>>(expected, cancellationToken: Token))!;
    }

    private static string Text(string[] member) => string.Join('=', member);
}
