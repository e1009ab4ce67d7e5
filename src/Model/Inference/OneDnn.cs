using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>
/// oneDNN's convolution that adds and rectifies before it writes its result: three passes over memory become one.
/// libtorch has it for compiled models, behind a C interface that TorchSharp does not wrap.
/// </summary>
internal static unsafe partial class OneDnn
{
    private const string Library = "libtorch_cpu.so"; // loaded already: the name finds that copy

    private static readonly Lazy<bool> Usable = new(Works);
    private static readonly ConcurrentDictionary<string, jit.CompilationUnit> Scripts = new(); // a few dozen for each size of image
    private static readonly byte* None = Text("none"), Relu = Text("relu"), Add = Text("add");

    /// <summary>Whether this libtorch is the version the interface was written for, and its results are right.</summary>
    internal static bool IsUsable => Usable.Value;

    /// <summary>relu?(x ∗ weight + bias + plus?), with padding that keeps the size.</summary>
    /// <param name="x">[B, C, H, W] float32, channels-last.</param>
    /// <param name="weight">From <see cref="Pack"/>.</param>
    /// <param name="bias">[out] float32.</param>
    /// <param name="padding">On each side.</param>
    /// <param name="stride">In both directions.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    /// <param name="plus">Shape of the result; stays as it is.</param>
    /// <returns>A new tensor, which the caller disposes.</returns>
    internal static Tensor Convolve(Tensor x, Tensor weight, Tensor bias, long padding, long stride, bool relu, Tensor? plus)
    {
        long* paddings = stackalloc long[] { padding, padding }, strides = stackalloc long[] { stride, stride }, dilations = stackalloc long[] { 1, 1 };
        IntPtr biasHandle = bias.Handle, result = 0;
        byte* rectify = Relu;
        double alpha = 1;
        int error = plus is null
            ? aoti_torch_cpu_mkldnn__convolution_pointwise(x.Handle, weight.Handle, &biasHandle, paddings, 2, strides, 2, dilations, 2, groups: 1,
                relu ? Relu : None, null, 0, null, &result)
            : aoti_torch_cpu_mkldnn__convolution_pointwise_binary(x.Handle, plus.Handle, weight.Handle, &biasHandle, paddings, 2, strides, 2, dilations, 2, groups: 1,
                Add, &alpha, relu ? &rectify : null, null, 0, null, &result);
        GC.KeepAlive((x, weight, bias, plus));
        return error == 0 ? Tensor.UnsafeCreateTensor(result)
            : throw new InvalidOperationException($"oneDNN refused a convolution of [{string.Join(", ", x.shape)}] (libtorch prints the reason to stderr).");
    }

    /// <summary>Lays a weight out as oneDNN wants it for inputs of one shape.</summary>
    /// <returns>An opaque tensor for <see cref="Convolve"/> only, which the caller disposes.</returns>
    internal static Tensor Pack(Tensor weight, long[] inputShape, long padding, long stride)
    {
        // The operator is reached through a script, and TorchSharp passes no lists of integers to one: they stand in its text.
        string size = string.Join(", ", inputShape.Select(length => length.ToString(CultureInfo.InvariantCulture)));
        string text = string.Create(CultureInfo.InvariantCulture, $"""
            def pack(weight: Tensor) -> Tensor:
              return torch.mkldnn_reorder_conv2d_weight(torch.to_mkldnn(weight), [{padding}, {padding}], [{stride}, {stride}], [1, 1], 1, [{size}])

            """);
        jit.CompilationUnit script = Scripts.GetOrAdd(text, text => jit.compile(text));
        using Tensor plain = weight.contiguous();
        return ((Tensor)script.invoke("pack", plain)).DetachFromDisposeScope();
    }

    private static bool Works()
    {
        if (!NativeLibrary.TryLoad(Library, out IntPtr library) || !NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out IntPtr abiVersion))
            return false;
        // 8 bytes: major, minor, patch, then nothing. In another version the functions may take other arguments.
        ulong version = ((delegate* unmanaged<ulong>)abiVersion)();
        if ($"{version >> 56}.{version >> 48 & 0xff}" != LibTorch.Version)
            return false;

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        using var random = new Generator(1);
        Tensor x = Architecture.ChannelsLast.Of(randn([2, 5, 9, 8], generator: random)), weight = randn([7, 5, 3, 3], generator: random);
        Tensor bias = rand([7], generator: random), plus = Architecture.ChannelsLast.Of(rand([2, 7, 5, 4], generator: random));
        try
        {
            Tensor packed = Pack(weight, x.shape, padding: 1, stride: 2), sum = nn.functional.conv2d(x, weight, bias, strides: [2, 2], padding: [1, 1]);
            return Same(Convolve(x, packed, bias, 1, 2, relu: false, null), sum)
                && Same(Convolve(x, packed, bias, 1, 2, relu: true, null), sum.relu())
                && Same(Convolve(x, packed, bias, 1, 2, relu: false, plus), sum.Plus(plus))
                && Same(Convolve(x, packed, bias, 1, 2, relu: true, plus), (sum.Plus(plus)).relu());
        }
        catch (Exception error) when (error is EntryPointNotFoundException or InvalidOperationException or ExternalException)
        {
            return false; // the network then runs on libtorch's plain convolutions, about an eighth slower
        }

        static bool Same(Tensor actual, Tensor expected) => actual.allclose(expected, rtol: 1e-4, atol: 1e-5);
    }

    private static byte* Text(string text) => (byte*)Marshal.StringToCoTaskMemUTF8(text); // never freed: as long-lived as the process

    [LibraryImport(Library)]
    private static partial int aoti_torch_cpu_mkldnn__convolution_pointwise(
        IntPtr x, IntPtr weight, IntPtr* bias, long* padding, long paddingCount, long* stride, long strideCount, long* dilation, long dilationCount, long groups,
        byte* attribute, double** scalars, long scalarCount, byte** algorithm, IntPtr* result);

    [LibraryImport(Library)]
    private static partial int aoti_torch_cpu_mkldnn__convolution_pointwise_binary(
        IntPtr x, IntPtr other, IntPtr weight, IntPtr* bias, long* padding, long paddingCount, long* stride, long strideCount, long* dilation, long dilationCount, long groups,
        byte* binaryAttribute, double* alpha, byte** unaryAttribute, double** unaryScalars, long unaryScalarCount, byte** unaryAlgorithm, IntPtr* result);
}
