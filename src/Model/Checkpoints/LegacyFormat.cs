using System.Globalization;
using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>torch &lt; 1.6: pickles of a magic number, a version, the writer's system, the object and the storage keys; then each storage's count and data.</summary>
internal static class LegacyFormat
{
    private const long ProtocolVersion = 1001;

    /// <summary>LONG1 of ten bytes, 0x1950a86a20f9469cfc6c: the number every legacy file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>Opens a file whose magic number ends at <paramref name="afterMagic"/>.</summary>
    public static PickledContent Open(Stream stream, long afterMagic)
    {
        stream.Position = afterMagic;
        var source = new ByteSource(stream);
        var tensors = new PickledTensors();
        object? version = PickleInterpreter.Run(source, new PickledTensors());
        if (version is not ProtocolVersion)
            throw new InvalidDataException($"its legacy protocol is {version ?? "None"}; only {ProtocolVersion} is known");
        if (PickleInterpreter.Run(source, new PickledTensors()) is not PickledDictionary system || system.Entries.GetValueOrDefault("little_endian") is not bool isLittleEndian)
            throw new InvalidDataException("its description of the machine that wrote it is damaged");
        object? root = PickleInterpreter.Run(source, tensors);
        if (PickleInterpreter.Run(source, new PickledTensors()) is not PickledList { Items: var keys } || keys.Any(key => key is not string))
            throw new InvalidDataException("its list of storage keys is damaged");

        string[] order = [.. keys.Cast<string>()];
        if (!order.ToHashSet(StringComparer.Ordinal).SetEquals(tensors.Roots.Keys) || order.Length != tensors.Roots.Count)
            throw new InvalidDataException("its storages do not match the keys its tensors name");
        // Before anything is hashed or allocated: each storage is a count of 8 bytes and its data.
        if (tensors.Roots.Values.Aggregate((Int128)0, (sum, storage) => sum + 8 + (Int128)storage.RootCount * PickleGlobals.ElementBytes(storage.Type)) > stream.Length - source.Position)
            throw new InvalidDataException("its storages are larger than the file: it is cut short, copy or download it again");
        var remarks = new List<string>();
        // torch turned storages into little-endian bytes on every machine, in this format only.
        if (!isLittleEndian)
            remarks.Add("it was written on a big-endian machine; the data of this format is little-endian all the same");
        return new PickledContent(CheckpointFormat.Legacy, root, tensors, ReadStorage) { Order = order, Remarks = remarks };

        Tensor ReadStorage(PickledStorage storage)
        {
            Tensor data = LegacyFormat.ReadStorage(source, storage);
            if (storage.Key == order[^1] && source.Position is var end && end < stream.Length)
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{stream.Length - end} bytes after its end are ignored"));
            return data;
        }
    }

    private static Tensor ReadStorage(ByteSource source, PickledStorage storage)
    {
        long count = source.ReadInt64();
        if (count != storage.RootCount)
            throw new InvalidDataException($"storage '{storage.Key}' has {count} elements where {storage.RootCount} are described");
        Tensor data = StorageData.Allocate(storage);
        foreach (Memory<byte> chunk in StorageData.Chunks(data))
            source.ReadExactly(chunk.Span);
        return data;
    }
}
