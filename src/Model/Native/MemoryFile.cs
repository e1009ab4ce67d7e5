using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HrNetBatch.Model.Native;

/// <summary>A file without a folder (Linux): no cache to clean, to be tampered with, or to be unwritable.</summary>
internal static partial class MemoryFile
{
    /// <summary>Writes a file into memory, where it stays until the process ends.</summary>
    /// <returns>A path by which this process can open it.</returns>
    internal static string Create(string name, ReadOnlySpan<byte> content)
    {
        int descriptor = memfd_create(name, flags: 1 /* close on exec: attempt processes need not inherit it */);
        if (descriptor < 0)
            throw new LibTorchException($"No memory file for {name} (error {Marshal.GetLastPInvokeError()}).");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
        RandomAccess.Write(handle, content, fileOffset: 0);
        return $"/proc/self/fd/{descriptor}";
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
