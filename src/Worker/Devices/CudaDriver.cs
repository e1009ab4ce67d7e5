using System.Runtime.InteropServices;

namespace HrNetBatch.Worker.Devices;

/// <summary>A GPU that NVIDIA's driver offers to this process.</summary>
/// <param name="Index">Its number as <c>cuda:N</c> counts, CUDA_VISIBLE_DEVICES applied.</param>
/// <param name="Id">Its identity on this machine, whatever its number.</param>
public sealed record CudaDevice(int Index, Guid Id)
{
    /// <summary>Its name for libtorch: <c>cuda:N</c>.</summary>
    public string Name => $"cuda:{Index}";
}

/// <summary>Asks NVIDIA's driver for GPUs without loading libtorch: a worker only supervises and stays small.</summary>
internal static unsafe partial class CudaDriver
{
    private const string Library = "libcuda.so.1";
    private const int Success = 0;

    /// <summary>The GPUs, none where there is no driver.</summary>
    public static IReadOnlyList<CudaDevice> Devices()
    {
        // The library stays loaded: the driver does not take being unloaded and loaded again.
        if (!NativeLibrary.TryLoad(Library, out _) || cuInit(0) != Success || cuDeviceGetCount(out int count) != Success)
            return [];

        var devices = new List<CudaDevice>(count);
        for (int index = 0; index < count; index++)
        {
            Guid id = default;
            if (cuDeviceGet(out int device, index) == Success && cuDeviceGetUuid(&id, device) == Success)
                devices.Add(new(index, id));
        }
        return devices;
    }

    [LibraryImport(Library)]
    private static partial int cuInit(uint flags);

    [LibraryImport(Library)]
    private static partial int cuDeviceGetCount(out int count);

    [LibraryImport(Library)]
    private static partial int cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)]
    private static partial int cuDeviceGetUuid(Guid* id, int device);
}
