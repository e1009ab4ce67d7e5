using System.Text.Json;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Exporting;

public sealed class ExportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Export_WritesAFileWithoutAStack_AndLeavesNothingElse()
    {
        string weights = Weights(), target = _folder.File("new/model.onnx");

        CommandResult result = await HrnetProcess.RunAsync(["export", weights, target, "--image-size", "32", "--json"]);

        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(result.Output);
        Assert.Equal(("onnx", 32), (report.GetProperty("format").GetString(), report.GetProperty("imageSize").GetInt32()));
        Assert.InRange(report.GetProperty("maxDifferenceShare").GetDouble(), 0, 5e-6);
        Assert.Equal([target], Directory.GetFiles(Path.GetDirectoryName(target)!));
        Assert.Contains($"Made the folder {Path.GetDirectoryName(target)}.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_ReplacesNothing_UnlessAsked()
    {
        string weights = Weights(), target = _folder.File("copy.pth");
        await File.WriteAllTextAsync(target, "precious", TestContext.Current.CancellationToken);

        CommandResult refused = await HrnetProcess.RunAsync(["export", weights, target]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--overwrite", refused.Error, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken));

        CommandResult replaced = await HrnetProcess.RunAsync(["export", weights, target, "--overwrite"]);
        Assert.True(replaced.ExitCode == 0, replaced.Error);
        Assert.Contains("every tensor is the same", replaced.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--format", "model.xyz")]
    [InlineData("cannot be made up", "checkpoint.pth.tar")]
    [InlineData("hrnet upload", "blob://local/models/model.onnx")]
    [InlineData("weights.pth is a file, so nothing can be made in it", "weights.pth/below/model.onnx")]
    [InlineData(".onnx has too long a name", "long.onnx")]
    public async Task Export_SaysWhatToDo_WhereItCannot(string expected, string target)
    {
        CommandResult result = await HrnetProcess.RunAsync(["export", Weights(), target.StartsWith("blob", StringComparison.Ordinal) ? target : _folder.File(target.Replace("long", new string('a', 256), StringComparison.Ordinal))]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Export_MakesNoFolder_WhereThereIsNothingToWrite_AndReplacesNoDevice()
    {
        CommandResult nothing = await HrnetProcess.RunAsync(["export", _folder.File("gone.pth"), _folder.File("new/model.onnx")]);
        CommandResult device = await HrnetProcess.RunAsync(["export", Weights(), "/dev/null", "--format", "onnx", "--overwrite"]);

        Assert.Equal((2, 2), (nothing.ExitCode, device.ExitCode));
        Assert.False(Directory.Exists(_folder.File("new")));
        Assert.Contains("/dev/null is a device, not a file.", device.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Weights()
    {
        string file = _folder.File("weights.pth");
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3);
        using FileStream stream = File.Create(file);
        CheckpointWriter.Write(stream, network.state_dict());
        return file;
    }
}
