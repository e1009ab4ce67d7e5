using System.Security.Cryptography;
using System.Text;
using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Model.Tests.Architecture;

public sealed class ParameterOrderTests
{
    /// <summary>
    /// PyTorch numbers an optimizer's state by the order of <c>model.parameters()</c>, so the order is part of the checkpoint format.
    /// The hash is of <c>'\n'.join(name for name, _ in model.named_parameters())</c> of the original's network of this variant.
    /// </summary>
    [Fact]
    public void NamedParameters_ComeInTheOriginalsOrder()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 1000);

        string[] names = [.. network.named_parameters().Select(entry => entry.name)];

        Assert.Equal(279, names.Length);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', names))));
        Assert.True(hash == "e36617d5dc71da12f272a7f8339b30f08ccdb88c07af8078420f791e437171f3", string.Join('\n', names));
    }
}
