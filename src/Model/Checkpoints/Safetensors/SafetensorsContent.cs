using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Safetensors;

/// <summary>A safetensors file whose header was checked.</summary>
internal sealed record SafetensorsContent(Stream Stream, long DataStart, SafetensorsHeader Header)
{
    /// <summary>Reads all data. The tensors belong to no dispose scope; on a fault none is left over.</summary>
    public CheckpointData Read()
    {
        using var scope = NewDisposeScope();
        var root = new CheckpointDictionary { IsOrdered = true, Attributes = CardAttribute() };
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in Header.Entries.OrderBy(entry => entry.Begin))
        {
            Tensor tensor = StorageData.Allocate(entry.Shape, entry.Type);
            Stream.Position = DataStart + entry.Begin;
            foreach (Memory<byte> chunk in StorageData.Chunks(tensor))
                Stream.ReadExactly(chunk.Span);
            tensors.Add(entry.Name, tensor);
        }
        foreach (SafetensorsEntry entry in Header.Entries)
            root.Add(entry.Name, tensors[entry.Name]);
        foreach (Tensor tensor in tensors.Values)
            tensor.DetachFromDisposeScope();
        return new CheckpointData(CheckpointFormat.Safetensors, root, [.. tensors.Values], [], Header.Metadata);
    }

    private CheckpointDictionary? CardAttribute()
    {
        if (!Header.Metadata.TryGetValue(ModelCard.Key, out string? json))
            return null;
        try
        {
            return new CheckpointDictionary { { ModelCard.Key, CheckpointJson.Parse(json) } };
        }
        catch (Exception e) when (JsonFault.Is(e))
        {
            throw new InvalidDataException($"its '{ModelCard.Key}' entry in {SafetensorsHeader.MetadataKey} is not valid JSON: {JsonFault.Of(e)}", e);
        }
    }
}
