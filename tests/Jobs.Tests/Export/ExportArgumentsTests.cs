using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Model.Export;

namespace HrNetBatch.Jobs.Tests.Export;

public sealed class ExportArgumentsTests
{
    [Theory]
    [InlineData("blob://local/models/weights.bin", null, "format")]
    [InlineData("blob://local/models/", ExportFormat.Onnx, "output")]
    [InlineData("blob://local/models/weights.pth", null, "output")]
    public void Arguments_AreRefused_WhereTheyMakeNoSense(string output, ExportFormat? format, string field)
    {
        var arguments = new ExportArguments { Checkpoint = "blob://local/models/weights.pth", Output = output, Format = format };

        var refused = Assert.Throws<JobArgumentsException>(() => KindTable.Default.Parse("export", JobKinds.Write(arguments)));

        Assert.StartsWith($"{field}: ", Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Export_NeedsNoGpu_AndAllOtherKindsDo() =>
        Assert.Equal("export", Assert.Single(KindTable.Default.All, kind => !kind.NeedsDevice).Name);
}
