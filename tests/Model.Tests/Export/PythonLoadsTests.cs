using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Export;
using HrNetBatch.Model.Tests.Goldens;
using HrNetBatch.Model.Tests.Training;
using HrNetBatch.Model.Training;
using HrNetBatch.TestKit;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Export;

/// <summary>PyTorch takes what we export into a network of the original's shape, where this machine has it.</summary>
public sealed class PythonLoadsTests : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private const string NotInstalled = $"{Python} with torch is not installed (Debian: python3-torch)";

    private const string Preamble = """
        import collections, hashlib, importlib.util, json, sys
        if importlib.util.find_spec("torch") is None:
            sys.exit(77)
        sys.path.insert(0, sys.argv[1])
        import torch
        from hrnet import HrNet
        torch.set_num_threads(1)

        """;

    // The images of both: pixel i is (i * 7919 % 511) / 255 - 1.
    private const string Answer = Preamble + """
        model = HrNet()
        model.load_state_dict(torch.load(sys.argv[2], map_location="cpu"), strict=True)
        model.eval()
        pixels = torch.arange(2 * 3 * 64 * 64, dtype=torch.int64) * 7919 % 511
        with torch.no_grad():
            logits = model(pixels.float().div(255).sub(1).view(2, 3, 64, 64))
        listing = "".join(f"{name} {','.join(map(str, t.shape))}\n" for name, t in sorted(model.state_dict().items()))
        order = "\n".join(name for name, _ in model.named_parameters())
        print(json.dumps({"logits": logits.flatten().tolist(), "shape": hashlib.sha256(listing.encode()).hexdigest(),
                          "order": hashlib.sha256(order.encode()).hexdigest()}))
        """;

    // As the original's tools/train.py resumes; then two steps with made-up gradients, which C# makes too.
    private const string Resume = Preamble + """
        run = torch.load(sys.argv[2], map_location="cpu")
        model = HrNet(classes=10)
        optimizer = torch.optim.SGD(model.parameters(), lr=1, momentum=0.5, weight_decay=0, nesterov=True)
        model.load_state_dict(run["state_dict"], strict=True)
        optimizer.load_state_dict(run["optimizer"])
        torch.optim.lr_scheduler.MultiStepLR(optimizer, [1], 0.1, run["epoch"] - 1)
        for _ in range(2):
            for k, parameter in enumerate(model.parameters()):
                parameter.grad = torch.full_like(parameter, (k % 7 - 3) * 0.01)
            for group in optimizer.param_groups:
                group["lr"] = 0.01
            optimizer.step()
        torch.save(collections.OrderedDict((name, p.detach()) for name, p in model.named_parameters()), sys.argv[3])
        print(json.dumps({"epoch": run["epoch"], "perf": float(run["perf"]), "model": run["model"]}))
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Pth_LoadsStrictlyIntoTheOriginalsShape_AndAnswersTheSame()
    {
        Assert.SkipUnless(File.Exists(Python), NotInstalled);
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 1000);
        FormulaWeights.Fill(network);
        network.eval();

        JsonElement answer = await RunAsync(Answer, Export(CheckpointWriter.ToValue(network.state_dict()), ExportFormat.Pth));

        JsonElement original = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(Goldens, "network_logits.json"), Token));
        Assert.Equal(original.GetProperty("variants").GetProperty("w18_small_v1").GetProperty("state_dict_sha256").GetString(), answer.GetProperty("shape").GetString());
        Assert.Equal("e36617d5dc71da12f272a7f8339b30f08ccdb88c07af8078420f791e437171f3", answer.GetProperty("order").GetString()); // see ParameterOrderTests
        float[] expected = Logits(network);
        Assert.All(answer.GetProperty("logits").EnumerateArray().Zip(expected), pair => Assert.Equal(pair.Second, pair.First.GetDouble(), 1e-3));
    }

    [Fact]
    public async Task Training_ResumesInTheOriginalsOptimizer_AndGoesOnAsOurs()
    {
        Assert.SkipUnless(File.Exists(Python), NotInstalled);
        using var run = new SmallRun();
        await run.TrainAsync(untilStep: 4);
        string stepped = _folder.File("stepped.pth");

        JsonElement said = await RunAsync(Resume, Export(run.Save(), ExportFormat.Training), stepped);

        Assert.Equal((1, "cls_hrnet"), (said.GetProperty("epoch").GetInt32(), said.GetProperty("model").GetString()));
        Dictionary<string, float[]> before = run.Network.named_parameters().ToDictionary(entry => entry.name, entry => Values(entry.parameter));
        StepTwice(run.Trainer.Optimizer, [.. run.Network.parameters()]);
        using Checkpoint theirs = CheckpointReader.Read(new MemoryStream(await File.ReadAllBytesAsync(stepped, Token)), stepped);
        foreach ((string name, Parameter parameter) in run.Network.named_parameters())
        {
            float[] ours = Values(parameter);
            Assert.All(ours.Zip(Values(theirs.StateDict[name])), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            Assert.NotEqual(before[name], ours);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Goldens => Path.Combine(AppContext.BaseDirectory, "Goldens");

    private static void StepTwice(Optimizer optimizer, Parameter[] parameters)
    {
        for (int step = 0; step < 2; step++)
        {
            for (int k = 0; k < parameters.Length; k++)
                parameters[k].grad = full_like(parameters[k], ((k % 7) - 3) * 0.01f, requires_grad: false);
            optimizer.Step(0.01);
        }
    }

    private static float[] Logits(HrNet network)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        float[] pixels = [.. Enumerable.Range(0, 2 * 3 * 64 * 64).Select(i => ((long)i * 7919 % 511 / 255f) - 1)];
        return Values(network.call(tensor(pixels).view(2, 3, 64, 64)));
    }

    private static float[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return [.. tensor.detach().contiguous().data<float>()];
    }

    private string Export(CheckpointValue value, ExportFormat format)
    {
        using var source = new MemoryStream();
        CheckpointWriter.Write(source, value);
        return Export(source.ToArray(), format);
    }

    private string Export(byte[] checkpoint, ExportFormat format)
    {
        string file = _folder.File($"exported.{format}");
        using Checkpoint source = CheckpointReader.Read(new MemoryStream(checkpoint), "source.pth.tar");
        CheckpointExport.Write(source, file, new ExportOptions { Format = format }, cancellation: Token);
        return file;
    }

    private static async Task<JsonElement> RunAsync(string script, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Python, ["-c", script, Goldens, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Token);
        string output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.SkipWhen(process.ExitCode == 77, NotInstalled);
        Assert.True(process.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }
}
