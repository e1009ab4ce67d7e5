using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace HrNetBatch.Model.Native;

/// <summary>Whether a device computes in bfloat16 itself. A processor that does not gives the same results several times slower than in float32.</summary>
public static class Bf16Arithmetic
{
    /// <summary>Whether bf16 is worth asking for on a kind of device: a GPU, or a processor with AVX512-BF16, AMX or AVX-NE-CONVERT.</summary>
    public static bool IsFastOn(DeviceType device) => device != DeviceType.CPU || HasInstructions();

    // Intel's manual, CPUID leaf 7: which of the extensions that oneDNN computes bf16 with there are.
    private static bool HasInstructions()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            return false;
        (int subleafCount, _, _, int features) = X86Base.CpuId(7, 0);
        if (IsSet(features, 22)) // AMX-BF16
            return true;
        if (subleafCount < 1)
            return false;
        (int first, _, _, int last) = X86Base.CpuId(7, 1);
        return IsSet(first, 5) || IsSet(last, 5); // AVX512_BF16, AVX-NE-CONVERT
    }

    private static bool IsSet(int register, int bit) => (register >> bit & 1) != 0;
}
