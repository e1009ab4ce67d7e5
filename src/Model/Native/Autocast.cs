using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Native;

/// <summary>
/// PyTorch's autocast to bfloat16, which TorchSharp does not wrap: while it is on, convolutions and linear layers called by this thread cast
/// their inputs and weights; batch norms and sums take what they get, with statistics and weights in float32. bfloat16 has float32's range,
/// so no loss scaling is needed. Reached through C++ functions that libtorch exports since 2.3.
/// </summary>
public static unsafe class Autocast
{
    private const string Library = "libtorch_cpu.so"; // loaded already: the name finds that copy
    private const string SetEnabled = "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb";
    private const string SetType = "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE";
    private const string ClearCache = "_ZN2at8autocast11clear_cacheEv";

    private static readonly Lazy<Functions?> Exported = new(Find);

    /// <summary>Whether this libtorch has autocast where it is looked for, and a convolution under it answers in bfloat16.</summary>
    public static bool IsUsable => Exported.Value is not null;

    /// <summary>Turns autocast on for this thread and one kind of device, until the result is disposed.</summary>
    /// <exception cref="LibTorchException">This libtorch has no autocast that could be turned on.</exception>
    public static Scope Bf16(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        ThrowUnlessUsable();
        return new Scope(Exported.Value!, device.type);
    }

    /// <summary>Says what to do where autocast cannot be used.</summary>
    /// <exception cref="LibTorchException">It cannot.</exception>
    public static void ThrowUnlessUsable()
    {
        if (!IsUsable)
            throw new LibTorchException($"bf16 needs the autocast functions of libtorch {LibTorch.Version} for Linux, and {LibTorch.Load().Path} does not export them. "
                + $"Train in fp32, or point {LibTorch.FolderVariable} to a libtorch that has them.");
    }

    private static Functions? Find()
    {
        LibTorch.Load();
        if (!NativeLibrary.TryLoad(Library, out IntPtr library)
            || !NativeLibrary.TryGetExport(library, SetEnabled, out IntPtr setEnabled)
            || !NativeLibrary.TryGetExport(library, SetType, out IntPtr setType)
            || !NativeLibrary.TryGetExport(library, ClearCache, out IntPtr clearCache))
            return null;
        var functions = new Functions(setEnabled, setType, clearCache);
        return Works(functions) ? functions : null;
    }

    private static bool Works(Functions functions)
    {
        using DisposeScope tensors = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        using var scope = new Scope(functions, DeviceType.CPU);
        return nn.functional.conv2d(ones(1, 1, 1, 1), ones(1, 1, 1, 1)).dtype == ScalarType.BFloat16;
    }

    /// <summary>The time in which autocast is on. It belongs to a thread, so it cannot outlive an await.</summary>
    public readonly ref struct Scope
    {
        private readonly Functions _functions;
        private readonly DeviceType _device;

        internal Scope(Functions functions, DeviceType device)
        {
            (_functions, _device) = (functions, device);
            ((delegate* unmanaged<sbyte, sbyte, void>)functions.SetType)((sbyte)device, (sbyte)ScalarType.BFloat16);
            ((delegate* unmanaged<sbyte, byte, void>)functions.SetEnabled)((sbyte)device, 1);
        }

        /// <summary>Turns autocast off, and forgets the bfloat16 copies of the weights: the next step has other weights.</summary>
        public void Dispose()
        {
            ((delegate* unmanaged<sbyte, byte, void>)_functions.SetEnabled)((sbyte)_device, 0);
            ((delegate* unmanaged<void>)_functions.ClearCache)();
        }
    }

    internal sealed record Functions(IntPtr SetEnabled, IntPtr SetType, IntPtr ClearCache);
}
