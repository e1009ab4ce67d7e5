using System.Diagnostics;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Model.Tests.Training;

/// <summary>The steps of the original's tools/train.py when it resumes, on a run of ours, where this machine has PyTorch.</summary>
public sealed class PythonResumesTests
{
    private const string Python = "/usr/bin/python3";
    private const string NotInstalled = $"{Python} with torch is not installed (Debian: python3-torch)";

    private const string Script = """
        import collections, importlib.util, sys
        if importlib.util.find_spec("torch") is None:
            sys.exit(77)
        import torch
        run, best = (torch.load(path, map_location="cpu") for path in sys.argv[1:3])
        weights = run["state_dict"]
        trained = [name for name in weights if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))]
        parameters = [torch.nn.Parameter(weights[name].clone()) for name in trained]
        optimizer = torch.optim.SGD(parameters, lr=1, momentum=0.5, weight_decay=0, nesterov=True)
        optimizer.load_state_dict(run["optimizer"])
        for name, parameter in zip(trained, parameters):
            assert optimizer.state[parameter]["momentum_buffer"].shape == parameter.shape, name
        group = optimizer.param_groups[0]
        assert (group["momentum"], group["weight_decay"], group["nesterov"]) == (0.9, 1e-4, True), group
        torch.optim.lr_scheduler.MultiStepLR(optimizer, [1], 0.1, run["epoch"] - 1)
        sum(p.sum() for p in parameters).backward()
        optimizer.step()
        assert run["epoch"] == 1 and run["model"] == "cls_hrnet" and run["hrnetbatch"]["resume"]["cursor"] == 4, run["hrnetbatch"]
        assert type(best) is collections.OrderedDict and list(best) == list(weights)
        assert best.hrnetbatch["labels"] == list("abcdefghij"), best.hrnetbatch
        print("resumed")
        """;

    [Fact]
    public async Task PyTorch_GoesOnFromOurCheckpoint_AndReadsTheLabelsOfTheBareWeights()
    {
        Assert.SkipUnless(File.Exists(Python), NotInstalled);
        using var run = new SmallRun();
        await run.TrainAsync(untilStep: 4);
        string checkpoint = Path.GetTempFileName(), best = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(checkpoint, run.Save(), Token);
            await using (FileStream file = File.Create(best))
                CheckpointWriter.Write(file, CheckpointWriter.ToValue(run.Network.state_dict(), SmallRun.Card));

            using Process python = Process.Start(new ProcessStartInfo(Python, ["-c", Script, checkpoint, best]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = python.StandardError.ReadToEndAsync(Token);
            string output = await python.StandardOutput.ReadToEndAsync(Token);
            await python.WaitForExitAsync(Token);

            Assert.SkipWhen(python.ExitCode == 77, NotInstalled);
            Assert.True(python.ExitCode == 0, await errors);
            Assert.Contains("resumed", output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(checkpoint);
            File.Delete(best);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
