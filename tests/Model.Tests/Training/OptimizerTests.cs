using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Optimizer = HrNetBatch.Model.Training.Optimizer;
using OptimizerState = HrNetBatch.Model.Checkpoints.OptimizerState;

namespace HrNetBatch.Model.Tests.Training;

public sealed class OptimizerTests
{
    private static readonly Dictionary<string, TrainingOptions> Recipes = new()
    {
        ["nesterov"] = new() { Momentum = 0.9, WeightDecay = 0.01 },
        ["momentum"] = new() { Momentum = 0.9, WeightDecay = 0.01, Nesterov = false },
        ["plain"] = new() { Momentum = 0, WeightDecay = 0.01 },
        ["adam"] = new() { Optimizer = OptimizerKind.Adam, AdamBeta2 = 0.99, OptimizerEpsilon = 1e-6, WeightDecay = 0.01 },
        ["adamw"] = new() { Optimizer = OptimizerKind.AdamW, AdamBeta2 = 0.99, OptimizerEpsilon = 1e-6, WeightDecay = 0.1 },
        ["rmsprop"] = new() { Optimizer = OptimizerKind.Rmsprop, RmspropAlpha = 0.9, OptimizerEpsilon = 1e-6, WeightDecay = 0, Momentum = 0 },
        ["centered"] = new() { Optimizer = OptimizerKind.Rmsprop, RmspropAlpha = 0.9, OptimizerEpsilon = 1e-6, WeightDecay = 0.01, Momentum = 0.9, RmspropCentered = true },
    };

    public OptimizerTests() => LibTorch.Load();

    /// <summary>
    /// What PyTorch 1.13 makes of the same settings, lr 0.1, 0.1, 0.01, and the loss of <see cref="Loss"/>: the parameter after three steps,
    /// and the last of what it keeps.
    /// </summary>
    [Theory]
    [InlineData("nesterov", "momentum_buffer", new[] { -0.6174317598342896, -487.9404602050781, -0.9892735481262207, -0.9392754435539246 }, new[] { 8.946746826171875, 22610.435546875, 13.099625587463379, 12.43737506866455 })]
    [InlineData("momentum", "momentum_buffer", new[] { -0.16050241887569427, -42.26631546020508, -0.43361911177635193, -0.4784136712551117 }, new[] { 9.036310195922852, 2318.541015625, 8.758935928344727, 7.651364326477051 })]
    [InlineData("plain", null, new[] { 0.25819534063339233, -33.86142349243164, -0.0833279937505722, -0.35354259610176086 }, null)]
    [InlineData("adam", "exp_avg_sq", new[] { 0.7898573875427246, -2.2101259231567383, 0.2898767590522766, -0.20516885817050934 }, new[] { 0.5954762697219849, 24.375904083251953, 0.3666178584098816, 0.17382149398326874 })]
    [InlineData("adamw", "exp_avg_sq", new[] { 0.770176112651825, -2.167180299758911, 0.2806476652622223, -0.20396998524665833 }, new[] { 0.5796927213668823, 23.45912742614746, 0.3597746193408966, 0.1736731082201004 })]
    [InlineData("rmsprop", "square_avg", new[] { 0.45354127883911133, -2.5993082523345947, -0.025594351813197136, -0.648604154586792 }, new[] { 3.6850669384002686, 339.15283203125, 2.233464241027832, 6.78474235534668 })]
    [InlineData("centered", "grad_avg", new[] { 0.06739397346973419, -3.004873752593994, -0.4124090075492859, -1.0531965494155884 }, new[] { 0.9310186505317688, 10.562914848327637, 0.8697364330291748, 1.7927089929580688 })]
    public void Step_IsPyTorchs(string recipe, string? slot, double[] expected, double[]? expectedSlot)
    {
        using var scope = NewDisposeScope();
        Parameter parameter = NewParameter();
        using Optimizer optimizer = Optimizer.Of([("p", parameter)], Recipes[recipe]);

        Train(optimizer, parameter, firstStep: 0, learningRates: [0.1, 0.1, 0.01]);

        AssertClose(expected, parameter);
        if (slot is not null)
            AssertClose(expectedSlot!, optimizer.Capture(0.01, 0.1).Tensor(0, slot)!);
    }

    [Theory]
    [InlineData("nesterov")]
    [InlineData("plain")]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("rmsprop")]
    [InlineData("centered")]
    public void Restore_ContinuesWithTheSameBits(string recipe)
    {
        using var scope = NewDisposeScope();
        Parameter straight = NewParameter(), resumed = NewParameter();
        using Optimizer undisturbed = Optimizer.Of([("p", straight)], Recipes[recipe]);
        using Optimizer before = Optimizer.Of([("p", resumed)], Recipes[recipe]), after = Optimizer.Of([("p", resumed)], Recipes[recipe]);

        Train(undisturbed, straight, 0, [0.01, 0.01, 0.01, 0.01]);
        Train(before, resumed, 0, [0.01, 0.01]);
        after.Restore(OptimizerState.From(before.Capture(0.01, 0.01).ToValue()));
        Train(after, resumed, 2, [0.01, 0.01]);

        Assert.Equal(straight.data<float>().ToArray(), resumed.data<float>().ToArray());
    }

    /// <summary>Two groups, as torch's load_state_dict takes them: numbers of the model's order, no decay in the second.</summary>
    [Fact]
    public void WithoutDecayOnNormsAndBiases_TheStateHasTwoGroups_AndIsReadBack()
    {
        using var scope = NewDisposeScope();
        Parameter weight = nn.Parameter(ones(2, 2)), bias = nn.Parameter(ones(2)), last = nn.Parameter(ones(1, 2));
        TrainingOptions options = Recipes["adamw"] with { DecaysNormsAndBiases = false };
        using Optimizer optimizer = Optimizer.Of([("w", weight), ("b", bias), ("l", last)], options), other = Optimizer.Of([("w", weight), ("b", bias), ("l", last)], options);
        ((weight.sum() + bias.sum() + last.sum()) * 0).backward();
        optimizer.Step(0.1);

        var groups = (CheckpointList)optimizer.Capture(0.1, 0.1).ToValue()["param_groups"]!;
        OptimizerState read = OptimizerState.From(optimizer.Capture(0.1, 0.1).ToValue());
        other.Restore(read);

        AssertClose([0.99, 0.99, 0.99, 0.99], weight.view(-1));   // 1 - 0.1 * 0.1
        AssertClose([1, 1], bias);
        Assert.Equal([[0L, 2L], [1L]], groups.Items.Select(group => ((CheckpointList)((CheckpointDictionary)group)["params"]!).Items.Select(number => number.AsInteger()!.Value).ToArray()));
        Assert.Equal([0.1, 0], groups.Items.Select(group => ((CheckpointDictionary)group)["weight_decay"]!.AsNumber()!.Value));
        Assert.Equal([1], read.Undecayed);
        Assert.Equal([2L], read.Tensor(1, "exp_avg")!.shape);
    }

    [Fact]
    public void Restore_NamesTheParameter_WhenTheStateIsNotIts()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = NewParameter();
        using Optimizer sgd = Optimizer.Of([("layer1.0.conv1.weight", parameter)], Recipes["momentum"]);
        using Optimizer adam = Optimizer.Of([("layer1.0.conv1.weight", parameter)], Recipes["adam"]);
        Train(sgd, parameter, 0, [0.01]);
        OptimizerState ofSgd = sgd.Capture(0.01, 0.01);
        var ofAnother = new OptimizerState([new CheckpointDictionary { { "momentum_buffer", zeros(5) } }], ofSgd.Group);

        AssertRefusal(["layer1.0.conv1.weight", "'step'", "Adam"], () => adam.Restore(ofSgd));
        AssertRefusal(["layer1.0.conv1.weight", "[5]", "[4]"], () => sgd.Restore(ofAnother));
        AssertRefusal(["knows 2 parameters; 1 "], () => sgd.Restore(new OptimizerState([null, null], ofSgd.Group)));
    }

    private static Parameter NewParameter() => nn.Parameter(tensor([1f, -2f, 0.5f, 0f]));

    private static void Train(Optimizer optimizer, Parameter parameter, int firstStep, double[] learningRates)
    {
        for (int i = 0; i < learningRates.Length; i++)
        {
            optimizer.ZeroGradients();
            Loss(parameter, firstStep + i + 1).backward();
            optimizer.Step(learningRates[i]);
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

    private static void AssertRefusal(string[] parts, Action restore)
    {
        var error = Assert.Throws<CheckpointException>(restore);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}
