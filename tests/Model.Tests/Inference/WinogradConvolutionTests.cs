using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Inference.Winograd;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Inference;

/// <summary>Each convolution of the engine in C# against libtorch's in float64: sizes that fill no tile, channels that fill no block, one image and several.</summary>
public sealed class WinogradConvolutionTests
{
    // in, out, kernel, stride, height, width, images, adds, rectifies
    public static TheoryData<int, int, int, int, int, int, int, bool, bool> Cases => new()
    {
        { 3, 64, 3, 2, 32, 64, 2, false, true },
        { 18, 18, 3, 1, 12, 20, 1, true, true },
        { 16, 40, 3, 1, 7, 7, 3, false, false },
        { 72, 24, 3, 1, 5, 2, 2, true, false },
        { 144, 144, 3, 1, 1, 1, 1, false, true },
        { 200, 9, 3, 1, 4, 4, 2, false, true },
        { 36, 72, 3, 2, 14, 14, 2, true, true },
        { 300, 33, 3, 2, 6, 2, 1, true, false },
        { 256, 64, 1, 1, 9, 11, 3, true, true },
        { 1030, 17, 1, 1, 3, 3, 1, false, false },
        { 30, 1, 1, 1, 16, 16, 2, false, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Apply_IsTheConvolution(int inChannels, int outChannels, int kernel, int stride, int height, int width, int count, bool adds, bool rectifies)
    {
        LibTorch.Load();
        using DisposeScope scope = NewDisposeScope();
        using var random = new Generator(15);
        var layer = new ConvolutionLayer("conv", inChannels, outChannels, kernel, stride, rectifies, HasBias: true);
        Tensor x = randn([count, inChannels, height, width], generator: random);
        Tensor weight = randn([outChannels, inChannels, kernel, kernel], generator: random) * (1 / Math.Sqrt(inChannels * kernel * kernel));
        Tensor bias = randn([outChannels], generator: random), plus = randn([count, outChannels, height / stride, width / stride], generator: random);
        Tensor sum = nn.functional.conv2d(x.@double(), weight.@double(), bias.@double(), [stride, stride], [layer.Padding, layer.Padding]);
        if (adds)
            sum += plus;
        float[] expected = Values((rectifies ? sum.relu() : sum).@float());

        using var workspace = new Workspace();
        using Convolution convolution = kernel == 3 && stride == 1
            ? new WinogradConvolution(layer, Values(weight), Values(bias)) : new DirectConvolution(layer, Values(weight), Values(bias));
        using FeatureMap input = Map(x), added = Map(plus), result = new(new FeatureMapShape(height / stride, width / stride, outChannels), count) { Count = count };
        convolution.Apply(workspace, input, adds ? added : null, result);

        float[] actual = Read(result);
        Assert.Equal(expected.Length, actual.Length);
        Assert.True(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() < 2e-5, $"{expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max()}");
        Assert.True(BorderIsZero(result), "a convolution wrote into the border, which the next one reads as zeros");
    }

    private static float[] Values(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    private static unsafe FeatureMap Map(Tensor x)
    {
        (int count, int channels, int height, int width) = ((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], (int)x.shape[3]);
        var map = new FeatureMap(new FeatureMapShape(height, width, channels, IsImage: channels == 3), count) { Count = count };
        float[] values = Values(x.permute(0, 2, 3, 1));
        for (int i = 0; i < values.Length; i++)
            map.Pixel(i / (channels * width * height), i / (channels * width) % height, i / channels % width)[i % channels] = values[i];
        return map;
    }

    private static unsafe float[] Read(FeatureMap map)
    {
        var values = new float[map.Count * map.Channels * map.Height * map.Width];
        for (int i = 0; i < values.Length; i++)
        {
            int pixel = i % (map.Height * map.Width), plane = i / (map.Height * map.Width);
            values[i] = map.Pixel(plane / map.Channels, pixel / map.Width, pixel % map.Width)[plane % map.Channels];
        }
        return values;
    }

    private static unsafe bool BorderIsZero(FeatureMap map)
    {
        for (int image = 0; image < map.Count; image++)
        {
            for (nint i = 0; i < map.ImageStride; i++)
            {
                nint y = i / map.RowStride - 1, x = i % map.RowStride / map.PixelStride - 1;
                if ((y < 0 || y >= map.Height || x < 0 || x >= map.Width) && map.Image(image)[i] != 0)
                    return false;
            }
        }
        return true;
    }
}
