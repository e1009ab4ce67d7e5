using System.Security.Cryptography;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Tests.Train;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Export;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Export;

public sealed class ExportHandlerTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        await _bench.WriteWeightsAsync("models/weights.pth");
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Execute_WritesOnnxThatWasChecked_AndSaysWhatItIs()
    {
        JsonElement result = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(Arguments("exports/weights.onnx"))).Result;

        byte[] written = await _bench.ReadAsync("exports/weights.onnx");
        Assert.Equal(_bench.Path("exports/weights.onnx"), result.GetProperty("file").GetString());
        Assert.Equal("onnx", result.GetProperty("format").GetString());
        Assert.Equal(written.Length, result.GetProperty("bytes").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(written)), result.GetProperty("sha256").GetString());
        Assert.InRange(result.GetProperty("maxDifferenceShare").GetDouble(), 0, 5e-6);
        Assert.Equal(_bench.Path("models/weights.pth"), result.GetProperty("checkpoint").GetString());
    }

    [Fact]
    public async Task Execute_TurnsARunIntoATrainingCheckpoint_ThatTheOriginalResumes()
    {
        JsonElement trained = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(_bench.Arguments("run/") with { EpochCount = 1, ValidationData = null })).Result;

        await _bench.RunAsync(Arguments("exports/checkpoint.pth.tar") with { Checkpoint = trained.GetProperty("checkpoint").GetString()! });

        using Checkpoint written = await _bench.CheckpointAsync("exports/checkpoint.pth.tar");
        Assert.Equal(1, written.Epoch);
        Assert.All(OptimizerState.From(written.Optimizer).Slots, Assert.NotNull);
        Assert.Equal(["ant", "bee", "cat"], written.Card!.Labels);
    }

    [Fact]
    public async Task Execute_ReplacesWhatItWroteBefore_ButNotWhatOthersPutThere()
    {
        ExportArguments arguments = Arguments("exports/weights.pth");
        await _bench.RunAsync(arguments);
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments));
        await _bench.WriteAsync("exports/weights.pth", [1, 2, 3]);

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(arguments));
        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains("overwrite", refused.Error, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await _bench.ReadAsync("exports/weights.pth"));

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(arguments with { Overwrite = true }));
        using Checkpoint written = await _bench.CheckpointAsync("exports/weights.pth");
        Assert.Equal(["ant", "bee", "cat"], written.Card!.Labels);
    }

    [Fact]
    public async Task Execute_FailsForGood_WhenThereIsNoRunToExport()
    {
        var failed = Ended.As<Outcome.Failed>(await _bench.RunAsync(Arguments("exports/checkpoint.pth.tar")));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("models/weights.pth", failed.Error, StringComparison.Ordinal);
        Assert.Contains("cannot be made up", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_HandsBack_WhenStopped()
    {
        using AttemptStop stop = new();
        stop.Request(StopReason.Interrupt);

        Ended.As<Outcome.HandedBack>(await _bench.RunAsync(await _bench.ClaimAsync(await _bench.SubmitAsync(Arguments("exports/weights.pth"))), stop));
    }

    [Theory]
    [InlineData("models/weights.onnx", "model store")]
    [InlineData("runs/weights.onnx", "the checkpoint itself")]
    public async Task Execute_WritesNeitherIntoTheModelStoreNorOverItsCheckpoint_UnderAnyAlias(string output, string fault)
    {
        await _bench.WriteWeightsAsync("runs/weights.onnx");
        string other = _bench.Path(output).Replace("blob://test/", "blob://TEST/", StringComparison.Ordinal);

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(
            Arguments("x.onnx") with { Output = other, Checkpoint = _bench.Path("runs/weights.onnx"), Overwrite = true }));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains(fault, refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("results/manifest.json", "is the manifest of job")]
    [InlineData("results/job.json", "is the file that keeps its folder for job")]
    [InlineData("results/parts/part-000000-0190b7a35c5e70008000000000000001-5f0c9a1e.csv", "is a part of the results of job 0190b7a3-5c5e-7000-8000-000000000001")]
    [InlineData("results/parts/errors-000000-9c1d07aa.parquet", "is a part of a classify job's results")]
    public async Task Execute_NeverReplacesWhatAClassifyJobMade(string output, string fault)
    {
        byte[] there = """{"job": "0190b7a3-5c5e-7000-8000-000000000001", "input": "i", "checkpoint": "c", "format": "csv", "topK": 1, "blobCount": 0, "rowCount": 0, "failedCount": 0, "parts": []}"""u8.ToArray();
        await _bench.WriteAsync(output, there);

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(Arguments(output) with { Format = ExportFormat.Pth, Overwrite = true }));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains(fault, refused.Error, StringComparison.Ordinal);
        Assert.Equal(there, await _bench.ReadAsync(output));
    }

    [Fact]
    public async Task Execute_NeverReplacesWhatARunMade()
    {
        Guid run = await _bench.SubmitAsync(_bench.Arguments("run/") with { EpochCount = 1 });
        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(run)));
        byte[] there = await _bench.ReadAsync("run/model_best.pth.tar");

        var refused = Ended.As<Outcome.Failed>(await _bench.RunAsync(Arguments("run/model_best.pth.tar") with { Format = ExportFormat.Pth, Overwrite = true }));

        Assert.Contains($"is a file of job {run}, which no export replaces", refused.Error, StringComparison.Ordinal);
        Assert.Equal(there, await _bench.ReadAsync("run/model_best.pth.tar"));
    }

    [Fact]
    public async Task Execute_ReplacesAForeignFile_ThatIsOnlyCalledAsAManifest()
    {
        await _bench.WriteAsync("results/manifest.json", "{}"u8.ToArray());

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(Arguments("results/manifest.json") with { Format = ExportFormat.Pth, Overwrite = true }));
    }

    private ExportArguments Arguments(string output) => new() { Checkpoint = _bench.Path("models/weights.pth"), Output = _bench.Path(output) };
}
