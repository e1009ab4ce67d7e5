using HrNetBatch.Model.Checkpoints.Pickle;
using HrNetBatch.Model.Checkpoints.Zip;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>torch ≥ 1.6: a zip archive of NAME/data.pkl and one stored entry NAME/data/K for each storage.</summary>
internal static class ZipFormat
{
    /// <summary>What torch.jit.save writes; its code is compressed, as nothing in a checkpoint is.</summary>
    public const string TorchScript = "it is a TorchScript program (torch.jit.save), not a checkpoint: save the module's state_dict() with torch.save";

    private static readonly string[] CheckpointEndings = [".pth", ".pth.tar", ".pt", ".ckpt", ".safetensors", ".bin"];

    /// <summary>Whether an entry is called like a checkpoint of its own.</summary>
    public static bool IsCheckpointName(string name) => CheckpointEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>What an archive is that somebody put a checkpoint into.</summary>
    public static string HoldsCheckpoint(string name) =>
        $"it is a zip archive with a checkpoint in it ('{ForeignText.Printable(name, 100)}'), not one itself: unpack it, and name the file in it";

    public static PickledContent Open(Stream stream)
    {
        ZipDirectory directory = ZipDirectory.Read(stream);
        if (directory.Entries.Keys.Any(name => name.EndsWith("/constants.pkl", StringComparison.Ordinal)))
            throw new InvalidDataException(TorchScript);
        string prefix = FindPrefix(directory);
        bool isBigEndian = IsBigEndian(directory, prefix);

        byte[] pickle = ReadSmall(directory, directory.Entries[prefix + "data.pkl"], PickleLimits.PickleBytes);
        var tensors = new PickledTensors();
        object? root = PickleInterpreter.Run(new ByteSource(new MemoryStream(pickle)), tensors);
        var entries = tensors.Roots.Values.ToDictionary(storage => storage.Key, storage => FindStorage(directory, prefix, storage));
        return new PickledContent(CheckpointFormat.Zip, root, tensors, storage =>
        {
            Tensor data = StorageData.Allocate(storage);
            directory.Read(entries[storage.Key], StorageData.Chunks(data));
            if (isBigEndian)
                StorageData.ReverseBytes(data);
            return data;
        })
        {
            Remarks = isBigEndian ? ["it was written on a big-endian machine; its numbers were turned to little-endian"] : [],
        };
    }

    private static bool IsBigEndian(ZipDirectory directory, string prefix)
    {
        if (!directory.Entries.TryGetValue(prefix + "byteorder", out ZipEntry? entry))
            return false; // torch before 2.1 wrote none, and little-endian only
        byte[] order = ReadSmall(directory, entry, 16);
        return order.AsSpan().SequenceEqual("big"u8)
            || (order.AsSpan().SequenceEqual("little"u8) ? false
                : throw new InvalidDataException($"its entry '{entry.Name}' says neither 'little' nor 'big'"));
    }

    private static string FindPrefix(ZipDirectory directory)
    {
        string[] pickles = [.. directory.Entries.Keys.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal) && name.Count(c => c == '/') == 1)];
        if (pickles.Length == 1)
            return pickles[0][..^"data.pkl".Length];
        throw new InvalidDataException(directory.Entries.Keys.FirstOrDefault(IsCheckpointName) is { } inside
            ? HoldsCheckpoint(inside)
            : "it is a zip archive but not a checkpoint, which has exactly one entry NAME/data.pkl; this one "
                + (directory.Entries.Keys.FirstOrDefault() is { } first ? $"holds '{ForeignText.Printable(first, 100)}'" : "is empty")
                + ": name the file that torch.save wrote");
    }

    private static ZipEntry FindStorage(ZipDirectory directory, string prefix, PickledStorage storage)
    {
        if (!directory.Entries.TryGetValue($"{prefix}data/{storage.Key}", out ZipEntry? entry))
            throw new InvalidDataException($"its entry '{prefix}data/{storage.Key}' is missing: copy or download the file again");
        if ((Int128)storage.RootCount * PickleGlobals.ElementBytes(storage.Type) != entry.LengthBytes)
            throw new InvalidDataException($"entry '{entry.Name}' has {entry.LengthBytes} bytes where {storage.RootCount} elements of {storage.Type} are described");
        return entry;
    }

    private static byte[] ReadSmall(ZipDirectory directory, ZipEntry entry, int maxBytes)
    {
        if (entry.LengthBytes > maxBytes)
            throw new InvalidDataException($"entry '{entry.Name}' has {entry.LengthBytes} bytes; a checkpoint's has at most {maxBytes}");
        byte[] bytes = new byte[entry.LengthBytes];
        directory.Read(entry, [bytes]);
        return bytes;
    }
}
