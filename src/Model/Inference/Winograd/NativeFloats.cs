using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>Float32 values in native memory, aligned to cache lines; zeros at first.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    private float* _first;

    internal NativeFloats(long count)
    {
        _first = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        NativeMemory.Clear(_first, (nuint)count * sizeof(float));
        Count = count;
    }

    internal long Count { get; }

    internal float* First => _first;

    public void Dispose()
    {
        NativeMemory.AlignedFree(_first);
        _first = null;
        GC.SuppressFinalize(this);
    }

    ~NativeFloats() => NativeMemory.AlignedFree(_first);
}
