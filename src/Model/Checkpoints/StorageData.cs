using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Fills and reads tensors' memory directly, so that a checkpoint never lies in memory twice.</summary>
internal static class StorageData
{
    // Spans count in 32 bits; a storage may be larger.
    private const long ChunkBytes = 1 << 30;

    /// <summary>Makes the flat tensor of a storage, not yet filled. Owned by the current dispose scope.</summary>
    public static Tensor Allocate(PickledStorage storage) => Allocate([storage.RootCount], storage.Type);

    /// <summary>Makes a contiguous CPU tensor, not yet filled. Owned by the current dispose scope.</summary>
    public static Tensor Allocate(long[] shape, ScalarType type)
    {
        try
        {
            return empty(shape, type);
        }
        catch (ExternalException e)
        {
            throw new InvalidDataException($"there is no memory for a tensor of {string.Join(" × ", shape)} elements of {type}", e);
        }
    }

    /// <summary>The bytes of a contiguous CPU tensor, in pieces that spans can address; valid while the tensor lives.</summary>
    public static IEnumerable<Memory<byte>> Chunks(Tensor tensor)
    {
        if (tensor.numel() == 0)
            yield break;
        using Tensor flat = tensor.view(-1);
        long chunkCount = ChunkBytes / PickleGlobals.ElementBytes(flat.dtype);
        for (long start = 0; start < flat.numel(); start += chunkCount)
        {
            using Tensor piece = flat.narrow(0, start, Math.Min(chunkCount, flat.numel() - start));
            using var memory = new TensorMemory(piece);
            yield return memory.Memory;
        }
    }

    /// <summary>Turns the bytes of every element of a contiguous CPU tensor around.</summary>
    public static void ReverseBytes(Tensor tensor)
    {
        int elementBytes = PickleGlobals.ElementBytes(tensor.dtype);
        foreach (Memory<byte> chunk in Chunks(tensor))
        {
            Span<byte> bytes = chunk.Span;
            switch (elementBytes)
            {
                case 2:
                    Span<short> shorts = MemoryMarshal.Cast<byte, short>(bytes);
                    BinaryPrimitives.ReverseEndianness(shorts, shorts);
                    break;
                case 4:
                    Span<int> integers = MemoryMarshal.Cast<byte, int>(bytes);
                    BinaryPrimitives.ReverseEndianness(integers, integers);
                    break;
                case 8:
                    Span<long> longs = MemoryMarshal.Cast<byte, long>(bytes);
                    BinaryPrimitives.ReverseEndianness(longs, longs);
                    break;
            }
        }
    }

    private sealed unsafe class TensorMemory(Tensor tensor) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => tensor.bytes;

        public override MemoryHandle Pin(int elementIndex = 0) =>
            new((byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref tensor.bytes[elementIndex]));

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
