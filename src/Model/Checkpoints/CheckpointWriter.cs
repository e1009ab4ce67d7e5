using System.Globalization;
using System.IO.Hashing;
using HrNetBatch.Model.Checkpoints.Pickle;
using HrNetBatch.Model.Checkpoints.Zip;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Writes checkpoints that Python's torch.load reads, with weights_only too, in torch's zip format.</summary>
public static class CheckpointWriter
{
    /// <summary>Writes a tree of values; tensors are written contiguous, as CPU tensors, each with a storage of its own.</summary>
    /// <param name="stream">Written forwards only; it need not seek, and stays open.</param>
    /// <param name="value">Usually a state dict or a <see cref="TrainingCheckpoint"/>; its tensors stay the caller's.</param>
    /// <param name="archiveName">The folder inside the zip; torch takes the file's name without extension, and reads any.</param>
    public static void Write(Stream stream, CheckpointValue value, string archiveName = "archive")
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(value);
        LibTorch.Load();
        (byte[] pickle, IReadOnlyList<Tensor> tensors) = PickleWriter.Write(value);
        var zip = new ZipWriter(stream);
        AddSmall(zip, $"{archiveName}/data.pkl", pickle);
        AddSmall(zip, $"{archiveName}/byteorder", "little"u8.ToArray());
        for (int i = 0; i < tensors.Count; i++)
            AddTensor(zip, string.Create(CultureInfo.InvariantCulture, $"{archiveName}/data/{i}"), tensors[i]);
        AddSmall(zip, $"{archiveName}/version", "3\n"u8.ToArray());
        zip.Finish();
    }

    /// <summary>Writes a bare state dict, the form of the original's <c>model_best.pth.tar</c> and <c>final_state.pth.tar</c>.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> stateDict) => Write(stream, ToValue(stateDict));

    /// <summary>A state dict as a value: an OrderedDict in the dictionary's order, with the card as its attribute.</summary>
    public static CheckpointDictionary ToValue(IEnumerable<KeyValuePair<string, Tensor>> stateDict, ModelCard? card = null)
    {
        ArgumentNullException.ThrowIfNull(stateDict);
        var value = new CheckpointDictionary
        {
            IsOrdered = true,
            Attributes = card is null ? null : new CheckpointDictionary { { ModelCard.Key, card.ToValue() } },
        };
        foreach ((string name, Tensor tensor) in stateDict)
            value.Add(name, tensor);
        return value;
    }

    private static void AddTensor(ZipWriter zip, string name, Tensor tensor)
    {
        // One copy at a time, and none where the tensor already lies contiguous on the CPU. The CRC stands before the data in the
        // file, so the data is gone over twice: once to hash, once to write.
        using var scope = NewDisposeScope();
        Tensor data = tensor.detach().cpu().contiguous();
        var crc = new Crc32();
        foreach (Memory<byte> chunk in StorageData.Chunks(data))
            crc.Append(chunk.Span);
        zip.Add(name, crc.GetCurrentHashAsUInt32(), data.numel() * PickleGlobals.ElementBytes(data.dtype), StorageData.Chunks(data));
    }

    private static void AddSmall(ZipWriter zip, string name, byte[] bytes) => zip.Add(name, Crc32.HashToUInt32(bytes), bytes.Length, [bytes]);
}
