using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using HrNetBatch.Model.Checkpoints.Pickle;
using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Safetensors;

/// <summary>Writes weights as safetensors, which Python's safetensors.torch.load_file and timm read.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes a state dict; tensors of wider elements stand first, so that each is aligned, and else in the dictionary's order. Equal weights give equal bytes.</summary>
    /// <param name="stream">Written forwards only; it need not seek, and stays open.</param>
    /// <param name="stateDict">Weights by name; they stay the caller's.</param>
    /// <param name="card">Variant, image size and labels, written as JSON under "hrnetbatch" in <c>__metadata__</c>.</param>
    /// <exception cref="InvalidDataException">A tensor has elements that the format has no name for.</exception>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> stateDict, ModelCard? card = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(stateDict);
        LibTorch.Load();
        if (stateDict.ContainsKey(SafetensorsHeader.MetadataKey))
            throw new ArgumentException($"No tensor can be called {SafetensorsHeader.MetadataKey} in safetensors.", nameof(stateDict));
        KeyValuePair<string, Tensor>[] tensors = [.. stateDict.OrderByDescending(pair => PickleGlobals.ElementBytes(pair.Value.dtype))];

        byte[] header = Header(tensors, card);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, Tensor tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            foreach (Memory<byte> chunk in StorageData.Chunks(tensor.detach().cpu().contiguous()))
                stream.Write(chunk.Span);
        }
    }

    private static byte[] Header(KeyValuePair<string, Tensor>[] tensors, ModelCard? card)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            json.WriteString("format", "pt"); // without it transformers refuses a file
            if (card is not null)
                json.WriteString(ModelCard.Key, CheckpointJson.Write(card.ToValue()));
            json.WriteEndObject();
            long offset = 0;
            foreach ((string name, Tensor tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", SafetensorsTypes.NameOf(tensor.dtype));
                json.WriteStartArray("shape");
                foreach (long size in tensor.shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.numel() * PickleGlobals.ElementBytes(tensor.dtype));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % Alignment != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }
}
