using System.Buffers;
using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Fills and reads tensors' memory directly, so that a checkpoint never lies in memory twice.</summary>
internal static class StorageData
{
    // Spans count in 32 bits; a storage may be larger.
    private const long ChunkBytes = 1 << 30;

    /// <summary>Makes the flat tensor of a storage, not yet filled. Owned by the current dispose scope.</summary>
    public static Tensor Allocate(PickledStorage storage) => empty(storage.RootCount, storage.Type);

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
