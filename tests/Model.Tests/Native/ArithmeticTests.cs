using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Native;

/// <summary>Arithmetic whose numbers live until the call is over has the bits of TorchSharp's own.</summary>
public sealed class ArithmeticTests
{
    private const double Number = 0.3;

    public static TheoryData<string> Names => [.. Ways.Keys];

    private static readonly Dictionary<string, (Func<Tensor, Tensor, Tensor> Ours, Func<Tensor, Tensor, Tensor> TorchSharps)> Ways = new()
    {
        ["plus a tensor"] = ((x, y) => x.Plus(y), (x, y) => x + y),
        ["plus a number"] = ((x, _) => x.Plus(Number), (x, _) => x + Number),
        ["plus a negative number"] = ((x, _) => x.Plus(-Number), (x, _) => x - Number),
        ["times"] = ((x, _) => x.Times(Number), (x, _) => x * Number),
        ["plus a product"] = ((x, y) => x.PlusProduct(y, y, -1), (x, y) => x.addcmul(y, y, -1)),
        ["add"] = ((x, y) => x.Add(y), (x, y) => x.add_(y)),
        ["add a part"] = ((x, y) => x.Add(y, -Number), (x, y) => x.add_(y, alpha: -Number)),
        ["add a number"] = ((x, _) => x.Add(Number), (x, _) => x.add_(Number)),
        ["add a product"] = ((x, y) => x.AddProduct(y, y, Number), (x, y) => x.addcmul_(y, y, Number)),
        ["add a quotient"] = ((x, y) => x.AddQuotient(y, y.Plus(2), Number), (x, y) => x.addcdiv_(y, y + 2, Number)),
        ["scale"] = ((x, _) => x.Scale(Number), (x, _) => x.mul_(Number)),
        ["divide"] = ((x, _) => x.Divide(Number), (x, _) => x.div_(Number)),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void EachWay_HasTheBitsOfTorchSharps(string name)
    {
        LibTorch.Load();
        using var scope = NewDisposeScope();
        using var random = new Generator(7);
        Tensor x = randn([1003], generator: random), y = randn([1003], generator: random);

        Tensor ours = Ways[name].Ours(x.clone(), y), torchSharps = Ways[name].TorchSharps(x.clone(), y);

        Assert.Equal(torchSharps.data<float>().ToArray(), ours.data<float>().ToArray());
    }

    /// <summary>What is changed in place is what is returned, so calls chain.</summary>
    [Fact]
    public void InPlace_ChangesTheTensorItself()
    {
        LibTorch.Load();
        using var scope = NewDisposeScope();
        Tensor x = ones(2), y = ones(2);

        Tensor result = x.Scale(4).Add(y).Divide(2);

        Assert.Same(x, result);
        Assert.Equal([2.5f, 2.5f], x.data<float>().ToArray());
    }
}
