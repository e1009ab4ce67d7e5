using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Checkpoints.Safetensors;
using HrNetBatch.TestKit;
using static TorchSharp.torch;

namespace HrNetBatch.Cli.Tests.Inspecting;

public sealed class InspectCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Inspect_TellsAllOfATrainingCheckpoint()
    {
        string file = Write("checkpoint.pth.tar", (stream, network) =>
        {
            CheckpointDictionary[] momenta = [.. network.parameters().Select(parameter => new CheckpointDictionary { { "momentum_buffer", zeros_like(parameter) } })];
            CheckpointWriter.Write(stream, new TrainingCheckpoint
            {
                Epoch = 7,
                StateDict = network.state_dict(),
                Perf = 61.25,
                Optimizer = new OptimizerState(momenta, new CheckpointDictionary { { "lr", 0.05 }, { "momentum", 0.9 }, { "nesterov", true } }).ToValue(),
                Card = new ModelCard("w18_small_v1", 64, ["cat", "dog", "\u001b[31mbird"]),
            }.ToValue());
        });

        CommandResult text = await HrnetProcess.RunAsync(["inspect", file]);
        CommandResult json = await HrnetProcess.RunAsync(["inspect", file, "--json"]);

        Assert.True(text.ExitCode == 0, text.Error);
        Assert.Contains("w18_small_v1 (HRNet-W18-C-Small-v1; in timm hrnet_w18_small), 3 classes", text.Output, StringComparison.Ordinal);
        Assert.Contains("PyTorch zip (torch 1.6 and later)", text.Output, StringComparison.Ordinal);
        Assert.Contains("SGD: lr 0.05", text.Output, StringComparison.Ordinal);
        Assert.Contains(@"3: cat, dog, \u001b[31mbird", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", text.Output, StringComparison.Ordinal);

        JsonElement root = JsonSerializer.Deserialize<JsonElement>(json.Output);
        Assert.Equal("zip", root.GetProperty("format").GetString());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken))), root.GetProperty("sha256").GetString());
        Assert.True(root.GetProperty("isUsable").GetBoolean());
        JsonElement network = root.GetProperty("network");
        Assert.Equal("w18_small_v1", network.GetProperty("variant").GetString());
        Assert.Equal(13_187_464 - 997 * 2049, network.GetProperty("parameterCount").GetInt64());
        Assert.Equal(64, network.GetProperty("imageSize").GetInt32());
        Assert.Equal(7, root.GetProperty("epoch").GetInt64());
        Assert.Equal(61.25, root.GetProperty("perf").GetDouble());
        Assert.Equal("state_dict", root.GetProperty("weights").GetProperty("key").GetString());
        Assert.Equal("SGD", root.GetProperty("optimizer").GetProperty("kind").GetString());
        Assert.Equal(0.9, root.GetProperty("optimizer").GetProperty("options").GetProperty("momentum").GetDouble());
        Assert.False(root.GetProperty("weights").TryGetProperty("tensors", out _));
        Assert.Empty(root.GetProperty("remarks").EnumerateArray());
    }

    [Fact]
    public async Task Inspect_SaysWhatIsOdd_InHalfWeightsWithoutHeadBiases()
    {
        string file = Write("model.safetensors", (stream, network) =>
        {
            using var scope = NewDisposeScope();
            Dictionary<string, Tensor> weights = network.state_dict()
                .Where(pair => !pair.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal) && pair.Key != "final_layer.0.bias")
                .ToDictionary(pair => pair.Key, pair => pair.Value.to(ScalarType.Float16));
            weights["bn1.weight"].fill_(double.NaN);
            SafetensorsWriter.Write(stream, weights);
        });

        CommandResult result = await HrnetProcess.RunAsync(["inspect", file, "--tensors"]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("safetensors", result.Output, StringComparison.Ordinal);
        Assert.Contains("! 1 tensor that the file lacks is set to zero (final_layer.0.bias)", result.Output, StringComparison.Ordinal);
        Assert.Contains("are set to zero (num_batches_tracked)", result.Output, StringComparison.Ordinal);
        Assert.Contains("are converted from Float16 to Float32", result.Output, StringComparison.Ordinal);
        Assert.Contains("1 tensor holds infinities or no numbers (bn1.weight)", result.Output, StringComparison.Ordinal);
        Assert.Contains("[64, 3, 3, 3]", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_ShowsAFileOfAnotherNetwork_AndSaysThatItIsNone()
    {
        string file = _folder.File("other.pth");
        using (Tensor weight = ones(10, 4))
        using (FileStream stream = File.Create(file))
            CheckpointWriter.Write(stream, new Dictionary<string, Tensor> { ["fc.weight"] = weight });

        CommandResult result = await HrnetProcess.RunAsync(["inspect", file]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("a bare state dict: 1 tensor, 40 numbers (Float32)", result.Output, StringComparison.Ordinal);
        Assert.Contains("These weights cannot be used here. This is not an HRNet classifier", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_TakesABlobOfTheStack()
    {
        string file = Write("best.pth", (stream, network) => CheckpointWriter.Write(stream, network.state_dict()));
        BlobContainerClient container = await azurite.CreateContainerAsync();
        await container.GetBlobClient("runs/best.pth").UploadAsync(file, TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>
        {
            ["HrNetBatch__Blobs__Accounts__local__ConnectionString"] = await azurite.ConnectionStringAsync(),
            ["HrNetBatch__Ledger__ConnectionString"] = "Host=127.0.0.1;Port=1",   // not needed, and not asked
        };

        CommandResult found = await HrnetProcess.RunAsync(["inspect", $"blob://local/{container.Name}/runs/best.pth"], environment);
        CommandResult gone = await HrnetProcess.RunAsync(["inspect", $"blob://local/{container.Name}/runs/gone.pth"], environment);

        Assert.True(found.ExitCode == 0, found.Error);
        Assert.Contains("w18_small_v1", found.Output, StringComparison.Ordinal);
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("runs/gone.pth", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_SaysWhatItGot_WhereThereIsNoCheckpoint()
    {
        await File.WriteAllTextAsync(_folder.File("page.pth"), "<html>", TestContext.Current.CancellationToken);

        CommandResult page = await HrnetProcess.RunAsync(["inspect", _folder.File("page.pth")]);
        CommandResult gone = await HrnetProcess.RunAsync(["inspect", _folder.File("gone.pth")]);
        CommandResult folder = await HrnetProcess.RunAsync(["inspect", _folder.Path]);
        CommandResult badBlob = await HrnetProcess.RunAsync(["inspect", "blob://local"]);

        Assert.Equal((1, 2, 2, 2), (page.ExitCode, gone.ExitCode, folder.ExitCode, badBlob.ExitCode));
        Assert.Contains("page.pth: it is a web page", page.Error, StringComparison.Ordinal);
        Assert.Contains("gone.pth does not exist", gone.Error, StringComparison.Ordinal);
        Assert.Contains("is a folder: name the file in it", folder.Error, StringComparison.Ordinal);
        Assert.Contains("names no container", badBlob.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, Action<Stream, HrNet> write)
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3);
        using FileStream stream = File.Create(_folder.File(name));
        write(stream, network);
        return _folder.File(name);
    }
}
