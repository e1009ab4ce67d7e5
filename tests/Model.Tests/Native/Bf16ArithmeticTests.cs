using HrNetBatch.Model.Native;
using TorchSharp;

namespace HrNetBatch.Model.Tests.Native;

public sealed class Bf16ArithmeticTests
{
    private static readonly string[] Extensions = ["avx512_bf16", "amx_bf16", "avx_ne_convert"];

    [Fact]
    public void IsFastOn_SaysOfTheProcessorWhatLinuxSays()
    {
        Assert.SkipUnless(File.Exists("/proc/cpuinfo") && System.Runtime.Intrinsics.X86.X86Base.IsSupported, "needs Linux on x86");
        string flags = File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal));

        Assert.Equal(flags.Split(' ').Intersect(Extensions).Any(), Bf16Arithmetic.IsFastOn(DeviceType.CPU));
    }

    [Fact]
    public void IsFastOn_TakesGpusForFast() => Assert.True(Bf16Arithmetic.IsFastOn(DeviceType.CUDA));
}
