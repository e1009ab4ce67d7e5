using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Training;

public sealed class SgdTests
{
    public SgdTests() => LibTorch.Load();

    /// <summary>
    /// The numbers are those of PyTorch 1.13 for
    /// <c>SGD([p], lr, momentum=0.9, weight_decay=0.01, nesterov=True)</c> with lr 0.1, 0.1, 0.01 and the loss of <see cref="Loss"/>.
    /// </summary>
    [Fact]
    public void Step_IsPyTorchs_WithMomentumNesterovAndWeightDecay()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = NewParameter();
        using var sgd = new Sgd([("p", parameter)], momentum: 0.9, weightDecay: 0.01, nesterov: true);

        Train(sgd, parameter, firstStep: 0, learningRates: [0.1, 0.1, 0.01]);

        AssertClose([-0.6174317598342896, -487.9404602050781, -0.9892735481262207, -0.9392754435539246], parameter);
        AssertClose([8.946746826171875, 22610.435546875, 13.099625587463379, 12.43737506866455], sgd.Momentum(0)!);
    }

    [Fact]
    public void RestoreMomentum_ContinuesWithTheSameBits()
    {
        using var scope = NewDisposeScope();
        Parameter straight = NewParameter(), resumed = NewParameter();
        using var sgd = new Sgd([("p", straight)], 0.9, 0.01, nesterov: true);
        using var before = new Sgd([("p", resumed)], 0.9, 0.01, nesterov: true);
        using var after = new Sgd([("p", resumed)], 0.9, 0.01, nesterov: true);

        Train(sgd, straight, 0, [0.01, 0.01, 0.01, 0.01]);
        Train(before, resumed, 0, [0.01, 0.01]);
        after.RestoreMomentum(0, before.Momentum(0)!);
        Train(after, resumed, 2, [0.01, 0.01]);

        Assert.Equal(straight.data<float>().ToArray(), resumed.data<float>().ToArray());
    }

    [Fact]
    public void RestoreMomentum_NamesTheParameter_WhenTheShapeIsNotIts()
    {
        using var scope = NewDisposeScope();
        using var sgd = new Sgd([("layer1.0.conv1.weight", NewParameter())], 0.9, 0.01, nesterov: true);
        var error = Assert.Throws<InvalidDataException>(() => sgd.RestoreMomentum(0, zeros(5)));
        Assert.Contains("layer1.0.conv1.weight", error.Message, StringComparison.Ordinal);
    }

    private static Parameter NewParameter() => nn.Parameter(tensor([1f, -2f, 0.5f, 0f]));

    private static void Train(Sgd sgd, Parameter parameter, int firstStep, double[] learningRates)
    {
        for (int i = 0; i < learningRates.Length; i++)
        {
            sgd.ZeroGradients();
            Loss(parameter, firstStep + i + 1).backward();
            sgd.Step(learningRates[i]);
        }
    }

    /// <summary>(p³ · [1 2 3 4] + p · step).sum()</summary>
    private static Tensor Loss(Tensor p, int step) => (p.pow(3) * tensor([1f, 2f, 3f, 4f]) + p * step).sum();

    private static void AssertClose(double[] expected, Tensor actual)
    {
        float[] values = actual.detach().data<float>().ToArray();
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], values[i], 1e-6 * Math.Abs(expected[i]));
    }
}
