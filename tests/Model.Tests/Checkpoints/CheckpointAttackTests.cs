using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Tests.Data.Tar;
using static HrNetBatch.Model.Tests.Checkpoints.HostileFile;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Files that mean harm, or came to harm, end in a message and in nothing else.</summary>
public sealed class CheckpointAttackTests
{
    [Theory]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("torch._utils", "_rebuild_tensor_v2.__globals__")]
    [InlineData("collections", "namedtuple")]
    [InlineData("numpy", "load")]
    [InlineData("numpy.core.multiarray", "fromfile")]
    [InlineData("_codecs", "decode")]
    [InlineData("builtins", "getattr")]
    [InlineData("__builtin__", "exec")]
    [InlineData("datetime", "sys")]
    public void Read_RefusesCodeByName(string module, string name)
    {
        AssertRefused(Join(Encoding.ASCII.GetBytes($"c{module}\n{name}\n("), Text("touch /tmp/owned"), "tR"u8), $"'{module}.{name}', which this reader never runs");
        AssertRefused(Join(Text(module), Text(name), [0x93], ")R"u8), $"'{module}.{name}', which this reader never runs");
    }

    public static TheoryData<string, byte[]> HostilePickles => new()
    {
        { "sets attributes (BUILD) on a tensor", Join(Tensor(0, [1], [1]), "}"u8, Text("_backward_hooks"), "Nsb"u8) },
        { "sets attributes (BUILD) on a dictionary", "}}b"u8.ToArray() },
        { "SETITEM changes a tensor", Join(Tensor(0, [1], [1]), Text("a"), "Ns"u8) },
        { "SETITEMS changes a list", Join("]("u8, Text("a"), "Nu"u8) },
        { "APPEND changes a dictionary", "}Na"u8.ToArray() },
        { "APPENDS changes a tuple", ")(Ne"u8.ToArray() },
        { "a dictionary key is a tuple", Join("}("u8, Tensor(0, [1], [1]), "tNs"u8) },
        { "a dictionary key is a tuple", [(byte)'}', .. Enumerable.Repeat((byte)')', 1), .. Enumerable.Repeat((byte)0x85, 6), (byte)'N', (byte)'s'] },
        { "an integer of -1 bytes", [0x8b, 0xff, 0xff, 0xff, 0xff] },
        { "a key without a value", Join("}("u8, Text("a"), "u"u8) },
        { "recalls value 7", "h\x07"u8.ToArray() },
        { "takes a value from an empty stack", "0"u8.ToArray() },
        { "takes a value from an empty stack", "(0"u8.ToArray() },
        { "takes a value from an empty stack", [(byte)'N', 0x85, 0x86] },
        { "closes a collection that it never opened", "t"u8.ToArray() },
        { "values are left over", "NN"u8.ToArray() },
        { "opcode 0x69", "(i"u8.ToArray() },
        { "makes (NEWOBJ) something of a tuple", [(byte)')', (byte)')', 0x81] },
        { "makes (NEWOBJ) something of the name OrderedDict", [.. "ccollections\nOrderedDict\n)"u8, 0x81] },
        { "makes (NEWOBJ) something of the name Namespace", [.. "cargparse\nNamespace\nN"u8, 0x81] },
        { "calls the name Namespace", "cargparse\nNamespace\n)R"u8.ToArray() },
        { "calls the name Counter", "ccollections\nCounter\n(]tR"u8.ToArray() },
        { "calls the name Device", "ctorch\ndevice\n(}tR"u8.ToArray() },
        { "made of something other than pairs", "ccollections\nOrderedDict\n(](]etR"u8.ToArray() },
        { "a dictionary key is a list", "ccollections\nOrderedDict\n(](](]NeetR"u8.ToArray() },
        { "remembers more values", [(byte)'N', (byte)'r', 0xff, 0xff, 0xff, 0xff] },
        { "remembers more values", [(byte)'N', (byte)'r', 0x40, 0x42, 0x0f, 0] },
        { "a text of -1 bytes", [(byte)'T', 0xff, 0xff, 0xff, 0xff] },
        { "calls the name StorageType", Join(Encoding.ASCII.GetBytes(FloatStorage), ")R"u8) },
        { "calls a text", Join(Text("a"), ")R"u8) },
        { "arguments that are no tuple", "ccollections\nOrderedDict\nNR"u8.ToArray() },
        { "calls the name OrderedDict with 1 arguments", "ccollections\nOrderedDict\n(NtR"u8.ToArray() },
        { "an integer of 200 bytes", [0x8a, 200] },
        { "a text of 2147483647 bytes", [(byte)'X', 0xff, 0xff, 0xff, 0x7f] },
        { "a text of -1 bytes", [(byte)'X', 0xff, 0xff, 0xff, 0xff] },
        { "a name in its pickle is longer", Encoding.ASCII.GetBytes("c" + new string('a', 10_000)) },
        { "by something other than ('storage'", "NQ"u8.ToArray() },
        { "keeps a storage or a type as a value", StateDict(Storage()) },
        { "claims -1 elements", Storage(-1) },
        { "has 40 bytes where 1000 elements", StateDict(Tensor(0, [1], [1], count: 1000)) },
        { "has 40 bytes where 4611686018427387904 elements", StateDict(Tensor(0, [1], [1], count: 1L << 62)) },
        { "described twice", Join("}("u8, Text("a"), Tensor(0, [1], [1]), Text("b"), Tensor(0, [1], [1], count: 9), "u"u8) },
        { "reaches outside the storage's 10 elements", StateDict(Tensor(1, [10], [1])) },
        { "reaches outside the storage's 10 elements", StateDict(Tensor(0, [2, 5], [6, 1])) },
        { "reaches outside the storage's 10 elements", StateDict(Tensor(long.MaxValue, [2], [1])) },
        { "reaches outside the storage's 10 elements", StateDict(Tensor(0, [long.MaxValue, long.MaxValue], [long.MaxValue, long.MaxValue])) },
        { "reaches outside the storage's 10 elements", StateDict(Tensor(0, [0, 1L << 40], [1, 1])) },
        { "reaches outside the storage's 10 elements", StateDict(Tensor(0, [0, 1 << 20, 1 << 20], [0, 0, 0])) },
        { "negative offset, size or stride", StateDict(Tensor(-1, [2], [1])) },
        { "negative offset, size or stride", StateDict(Tensor(9, [2], [-1])) },
        { "repeats some of the storage's 10 elements", StateDict(Tensor(0, [1 << 30], [0])) },
        { "repeats some of the storage's 10 elements", StateDict(Tensor(0, [1L << 62, 1L << 62], [0, 0])) },
        { "1 sizes and 2 strides", StateDict(Tensor(0, [2], [1, 1])) },
        { "40 sizes and 40 strides", StateDict(Tensor(0, [.. Enumerable.Repeat(1L, 40)], [.. Enumerable.Repeat(1L, 40)])) },
        { "holds a list, not a state dict", "]"u8.ToArray() },
        { "its state dict is empty", "}"u8.ToArray() },
        { "its entry 'w' is a float", StateDict(Join("G"u8, new byte[8])) },
        { "two entries that are both 'w'", Join("}("u8, Text("w"), Tensor(0, [1], [1]), Text("module.w"), Tensor(0, [1], [1]), "u"u8) },
        { "must hold 'variant' (text)", Join("}("u8, Text("state_dict"), StateDict(Tensor(0, [1], [1])), Text("hrnetbatch"), Join("}"u8, Text("variant"), "Ns"u8), "u"u8) },
    };

    [Theory]
    [MemberData(nameof(HostilePickles))]
    public void Read_RefusesAPickle_ThatTorchNeverWrites(string complaint, byte[] pickle) => AssertRefused(pickle, complaint);

    [Fact]
    public void Read_RefusesValuesWithoutEnd()
    {
        // A list inside itself; then l1 = [l0, l0], l2 = [l1, l1], … of which the 30th has a billion members.
        AssertRefused("]q\0h\0a"u8.ToArray(), "nests or repeats values beyond any checkpoint's need");
        byte[] laughs = [(byte)']', .. Enumerable.Range(0, 30).SelectMany(i => new byte[] { (byte)'q', (byte)i, (byte)'h', (byte)i, 0x86 })];
        AssertRefused(laughs, "nests or repeats values beyond any checkpoint's need");
        AssertRefused([.. Enumerable.Repeat((byte)'(', 200_000)], "more values than any checkpoint");
        AssertRefused([.. Enumerable.Repeat(new byte[] { (byte)'N', (byte)'0' }, 1_100_000).SelectMany(pair => pair)], "more values than any checkpoint");
        AssertRefused([.. Enumerable.Repeat(new byte[] { 0x80, 2 }, 17_000_000).SelectMany(pair => pair)], "at most 33554432");
    }

    [Fact]
    public void Read_IsNotSlowedDown_ByKeysMadeToCollide()
    {
        // .NET's hash of an integer is its two halves combined: 0 for each of these.
        const int KeyCount = 300_000;
        using var pickle = new MemoryStream();
        pickle.WriteByte((byte)'}');
        for (long i = 1; i <= KeyCount; i++)
        {
            pickle.Write([0x8a, 8]);
            pickle.Write(BitConverter.GetBytes(i << 32 | i));
            pickle.Write("Ns"u8);
        }
        byte[] file = Zip(Join("}("u8, Text("a"), pickle.ToArray(), Text("state_dict"), StateDict(Tensor(0, [1], [1])), "u"u8));

        // Compared with each other the keys would take hours.
        long started = Stopwatch.GetTimestamp();
        using Checkpoint checkpoint = GoldenFiles.Read(file);
        Assert.Equal(KeyCount, ((CheckpointDictionary)((CheckpointDictionary)checkpoint.Value)["a"]!).Count);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 30);
    }

    [Fact]
    public void Read_RefusesTensors_ThatShareOneStorageWithoutEnd()
    {
        const int FloatCount = 1 << 16;
        IEnumerable<byte> tensors = Enumerable.Range(0, 200).SelectMany(i => Join(Text($"w{i}"), Tensor(0, [FloatCount], [1], FloatCount), "s"u8));
        string message = Refusal(Zip([(byte)'}', .. tensors], dataBytes: 4 * FloatCount));
        Assert.Contains("share their storages more than 16 times over", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RefusesLegacyStorages_LargerThanTheFile()
    {
        byte[] file = GoldenFiles.Bytes("window.legacy.pth");
        Assert.Contains("its storages are larger than the file", Refusal(file[..^1]), StringComparison.Ordinal);
        int count = file.AsSpan().LastIndexOf(BitConverter.GetBytes(10L));
        Assert.Contains("has 11 elements where 10 are described", Refusal([.. file[..count], 11, .. file[(count + 1)..]]), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NamesTheEntry_WhoseCrcFails()
    {
        byte[] file = GoldenFiles.Bytes("shared.zip.pth");
        file[file.AsSpan().IndexOf(BitConverter.GetBytes(23f)) + 1] ^= 1;

        var error = Assert.Throws<CheckpointException>(() => GoldenFiles.Read(file, "HRNet_W48.pth.tar"));
        Assert.StartsWith("HRNet_W48.pth.tar: entry 'shared.zip/data/0' fails its CRC check", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shared.zip.pth")]
    [InlineData("shared.legacy.pth")]
    public void Read_SaysThatAFileIsCutShort_WhereverItIsCut(string name)
    {
        byte[] file = GoldenFiles.Bytes(name);
        for (int length = 40; length < file.Length; length += 7)
            Assert.Throws<CheckpointException>(() => GoldenFiles.Read(file[..length]));
        Assert.Contains("cut short", Assert.Throws<CheckpointException>(() => GoldenFiles.Read(GoldenFiles.Bytes("shared.zip.pth")[..500])).Message, StringComparison.Ordinal);
        Assert.Contains("cut short", Assert.Throws<CheckpointException>(() => GoldenFiles.Read(GoldenFiles.Bytes("shared.legacy.pth")[..^20])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SaysWhatAFileIs_ThatIsNoCheckpoint()
    {
        Assert.Contains("is empty", Refusal([]), StringComparison.Ordinal);
        Assert.Contains("web page", Refusal("<!DOCTYPE html>"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("gzip", Refusal([0x1f, 0x8b, 8, 0]), StringComparison.Ordinal);
        Assert.Contains("bare pickle", Refusal([0x80, 2, (byte)'N', (byte)'.']), StringComparison.Ordinal);
        Assert.Contains("pointer of Git LFS", Refusal("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("HDF5", Refusal([0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 26, 10, 0]), StringComparison.Ordinal);
        Assert.Contains("neither PyTorch's zip and legacy formats nor safetensors", Refusal([1, .. new byte[600]]), StringComparison.Ordinal);
        Assert.Contains("it is nothing but zeros where it begins: a download that was never finished", Refusal(new byte[600]), StringComparison.Ordinal);
        Assert.Contains("it is a web page (\"Sign in to your account\"): a download that failed, or that wanted a sign-in. Open its address in a browser", Refusal("\n\n<!DOCTYPE html><html><head><title>Sign in to your account</title>"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("Open its address in a browser", Refusal([.. Encoding.UTF8.Preamble, .. "<html>Google Drive - Virus scan warning"u8]), StringComparison.Ordinal);
        Assert.Contains("it is JSON, which begins \"{\"error\":", Refusal("{\"error\":{\"code\":\"itemNotFound\"}}"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("a text, which begins \"Not Found\"", Refusal("Not Found"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("something stands before the zip archive", Refusal([(byte)'\n', .. GoldenFiles.Bytes("half.zip.pth")]), StringComparison.Ordinal);
        Assert.Contains("a zip archive with a checkpoint in it ('best/plain.pth'), not one itself: unpack it", Refusal(Zipped(CompressionLevel.NoCompression)), StringComparison.Ordinal);
        Assert.Contains("a zip archive with a checkpoint in it ('best/plain.pth'), not one itself: unpack it", Refusal(Zipped(CompressionLevel.Fastest)), StringComparison.Ordinal);
        Assert.Contains("a tar archive that holds 'plain.pth', not a checkpoint itself", Refusal(Tarred()), StringComparison.Ordinal);
        Assert.Contains("real tar archive", Refusal([.. TarBytes.Member("sys_info", [1], edit: block => block.AsSpan(257, 8).Clear()), .. TarBytes.End]), StringComparison.Ordinal);
        Assert.Contains("has no zip directory", Refusal([.. "PK\x03\x04"u8, .. new byte[100]]), StringComparison.Ordinal);
        Assert.Contains("zip archive but not a checkpoint", Refusal(Zip("N"u8.ToArray(), pickleName: "other.txt")), StringComparison.Ordinal);
    }

    /// <summary>The file in a tar is called by its real name, whatever headers stand before it.</summary>
    [Theory]
    [InlineData(TarEntryFormat.V7, false)]
    [InlineData(TarEntryFormat.Ustar, false)]
    [InlineData(TarEntryFormat.Gnu, false)]
    [InlineData(TarEntryFormat.Pax, false)]
    [InlineData(TarEntryFormat.Pax, true)]
    [InlineData(TarEntryFormat.Gnu, true)]
    public void Read_NamesTheFile_ThatATarHolds(TarEntryFormat format, bool isCompressed)
    {
        string name = format is TarEntryFormat.Gnu or TarEntryFormat.Pax ? $"{new string('d', 120)}/modèle.pth" : "run/model.pth";
        using var file = new MemoryStream();
        using (Stream packed = isCompressed ? new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true) : file)
        using (var tar = new TarWriter(packed, format, leaveOpen: true))
        {
            tar.WriteEntry(Entry(TarEntryType.Directory, "run/"));
            tar.WriteEntry(Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "run/._model.pth", [1]));
            if (!isCompressed)
                tar.WriteEntry(Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "run/log.txt", [1]));
            tar.WriteEntry(Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, name, [1, 2]));
        }
        string expected = isCompressed
            ? $"a tar archive compressed with gzip that holds '{Shown(name)}', not a checkpoint itself (a checkpoint called .pth.tar is no tar): unpack it with tar -xzf"
            : $"a tar archive that holds '{Shown(name)}', not a checkpoint itself (a checkpoint called .pth.tar is no tar): unpack it with tar -xf";
        Assert.Contains(expected, Refusal(file.ToArray()), StringComparison.Ordinal);

        static string Shown(string name) => name.Length <= 100 ? name : name[..100] + "…";

        TarEntry Entry(TarEntryType type, string entryName, byte[]? content = null)
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.V7 => new V7TarEntry(type, entryName),
                TarEntryFormat.Ustar => new UstarTarEntry(type, entryName),
                TarEntryFormat.Gnu => new GnuTarEntry(type, entryName),
                _ => new PaxTarEntry(type, entryName),
            };
            if (content is not null)
                entry.DataStream = new MemoryStream(content);
            return entry;
        }
    }

    [Fact]
    public void Read_SaysWhatArchivesAre_AndWhatToDo()
    {
        Assert.Contains("it is compressed with gzip: unpack it first (gunzip)", Refusal(Packed(GoldenFiles.Bytes("half.zip.pth"))), StringComparison.Ordinal);
        Assert.Contains("it is compressed with zstd: unpack it first (zstd)", Refusal([0x28, 0xB5, 0x2F, 0xFD, .. new byte[600]]), StringComparison.Ordinal);
        Assert.Contains("it is a 7z archive, not a checkpoint itself: unpack it", Refusal([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C, .. new byte[600]]), StringComparison.Ordinal);
        Assert.Contains("in which no file can be found: it is empty or cut off", Refusal(TarBytes.Header("model.pth", '5', 0)), StringComparison.Ordinal);
        Assert.Contains("this one holds 'archive/other.txt': name the file", Refusal(Zip("N"u8.ToArray(), pickleName: "other.txt")), StringComparison.Ordinal);
        Assert.Contains("it is an empty zip archive", Refusal([.. "PK\x05\x06"u8, .. new byte[18]]), StringComparison.Ordinal);
        Assert.Contains("it is XML, which begins \"<Error>", Refusal("<Error><Code>NoSuchKey</Code></Error>"u8.ToArray()), StringComparison.Ordinal);

        static byte[] Packed(byte[] content)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                gzip.Write(content);
            return packed.ToArray();
        }
    }

    /// <summary>As torch.jit.save writes it: the code, which is compressed, stands before the constants.</summary>
    [Fact]
    public void Read_NamesATorchScriptProgram()
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, CompressionLevel level) in new[] { ("m/data.pkl", CompressionLevel.NoCompression), ("m/code/__torch__/M.py", CompressionLevel.Optimal), ("m/constants.pkl", CompressionLevel.NoCompression) })
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write("class M(Module): pass, pass, pass, pass, pass"u8);
            }
        }

        Assert.Contains("it is a TorchScript program (torch.jit.save)", Refusal(file.ToArray()), StringComparison.Ordinal);
    }

    private static byte[] Zipped(CompressionLevel level)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        using (Stream entry = zip.CreateEntry("best/plain.pth", level).Open())
            entry.Write(GoldenFiles.Bytes("half.zip.pth"));
        return file.ToArray();
    }

    private static byte[] Tarred()
    {
        using var file = new MemoryStream();
        using (var tar = new TarWriter(file, leaveOpen: true))
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "plain.pth") { DataStream = new MemoryStream(GoldenFiles.Bytes("half.zip.pth")) });
        return file.ToArray();
    }

    [Fact]
    public void Read_PutsNothingOfAFileIntoItsMessages_ThatMovesACursorOrFillsAScreen()
    {
        string message = Refusal(Zip(Join(Text("\u001b[2J\nposix"), Text("\u202esystem"), [0x93], "."u8)));
        Assert.Contains(@"'\u001b[2J\u000aposix.\u202esystem'", message, StringComparison.Ordinal);
        AssertRefused(Join("}"u8, Text("a\u001bb"), Tensor(0, [1], [1]), "s"u8), @"a tensor called 'a\u001bb', and no parameter has such a name");
        AssertRefused(Join("}"u8, Text(new string('x', 1_000_000)), Tensor(0, [1], [1]), "s"u8), $"a tensor called '{new string('x', 40)}…'");
        Assert.InRange(Refusal(Zip(Join(Text(new string('x', 1_000_000)), Text("y"), [0x93]))).Length, 100, 2100);
    }

    [Fact]
    public void Read_RefusesAMissingStorage() =>
        Assert.Contains("'archive/data/0' is missing", Refusal(Zip(StateDict(Tensor(0, [1], [1])), "data/1")), StringComparison.Ordinal);

    private static void AssertRefused(byte[] pickle, string complaint) => Assert.Contains(complaint, Refusal(Zip(pickle)), StringComparison.Ordinal);

    private static string Refusal(byte[] file) => Assert.Throws<CheckpointException>(() => GoldenFiles.Read(file)).Message;
}
