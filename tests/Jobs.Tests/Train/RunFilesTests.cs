using System.Text;
using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Jobs.Tests.Runs;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class RunFilesTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    /// <summary>Handed back in the middle and finished by another attempt: every step once, as if nothing had happened.</summary>
    [Fact]
    public async Task ATrainJob_LeavesItsCurvesAsFiles_EachStepOnce_HoweverItWasInterrupted()
    {
        Guid job = await _bench.SubmitAsync(_bench.Arguments("run/"));
        using (var stop = new AttemptStop())
        {
            Task<Outcome> first = _bench.RunAsync(await _bench.ClaimAsync(job), stop);
            await _bench.StepsAsync(job, 2);
            stop.Request(StopReason.Interrupt);
            Ended.As<Outcome.HandedBack>(await first);
        }
        JsonElement[] half = await LogAsync("run/log.jsonl");

        Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job)));

        JsonElement[] lines = await LogAsync("run/log.jsonl");
        Assert.InRange(half.Length, 2, 6);
        Assert.Equal([1, 2, 3, 4, 5, 6], lines.Select(line => line.GetProperty("step").GetInt64()));
        IReadOnlyList<MetricPoint> ledger = await _bench.Metrics.ReadAsync(job, cancellation: TestContext.Current.CancellationToken);
        Assert.All(ledger, point => Assert.Equal(point.Value, lines.Single(line => line.GetProperty("step").GetInt64() == point.Step).GetProperty(point.Name).GetDouble()));
        Assert.Equal(
            ["lr", "train_loss", "train_top1", "valid_ece", "valid_loss", "valid_top1"],
            new[] { "lr", "train_loss", "train_top1", "valid_ece", "valid_loss", "valid_top1" }.Where(name => lines[2].TryGetProperty(name, out _)));

        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "/usr/bin/python3 is not installed");
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("events"), await _bench.ReadAsync($"run/{EventFile.NameOf(job)}"), TestContext.Current.CancellationToken);
        JsonElement[] events = await EventFileTests.EventReader.ReadAsync(folder.File("events"));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], events.Select(one => one.GetProperty("step").GetInt64()));
        foreach (string tag in new[] { "train_loss", "train_top1", "valid_loss", "valid_top1" })
            Assert.Equal(
                lines[2].GetProperty(tag).GetDouble() * (tag.EndsWith("top1", StringComparison.Ordinal) ? 100 : 1),
                events[3].GetProperty("values").GetProperty(tag).GetDouble(), 1e-4);
    }

    /// <summary>The job's report is that of its best weights.</summary>
    [Fact]
    public async Task ATrainJob_RecordsTheReportOfItsBestWeights_AndLeavesThatOneAlone()
    {
        await _bench.WriteAsync("run/validation/step-000000001/mistakes/0001.png", [1]);   // of weights that were the best before
        Guid job = await _bench.SubmitAsync(_bench.Arguments("run/"));
        JsonElement result = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(await _bench.ClaimAsync(job))).Result;

        JsonElement report = (await _bench.Metrics.FindReportAsync(job, TestContext.Current.CancellationToken))!.Value;

        Assert.Equal(result.GetProperty("top1").GetDouble(), report.GetProperty("top1").GetDouble());
        Assert.Equal(result.GetProperty("best").GetString(), report.GetProperty("checkpoint").GetString());
        await Assert.ThrowsAsync<BlobException>(() => _bench.ReadAsync("run/validation/step-000000001/mistakes/0001.png"));
        JsonElement mistake = report.GetProperty("mistakes")[0];
        string folder = $"run/validation/step-{report.GetProperty("step").GetInt64():000000000}";
        Assert.Equal(_bench.Path(folder), report.GetProperty("output").GetString());
        Assert.Equal(TrainingBench.Noise(mistake.GetProperty("key").GetString()!), await _bench.ReadAsync($"{folder}/{mistake.GetProperty("image").GetString()}"));
        Assert.Equal(report.GetProperty("loss").GetDouble(), JsonSerializer.Deserialize<JsonElement>(await _bench.ReadAsync($"{folder}/report.json")).GetProperty("loss").GetDouble());
        Assert.Equal(["ant", "bee", "cat"], report.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("label").GetString()));
    }

    [Fact]
    public void Log_HoldsNullWhereThereIsNoNumber()
    {
        using var file = new MemoryStream();
        RunLog.Write(file, [new RecordedPoint("train_loss", 1, double.PositiveInfinity, DateTimeOffset.UnixEpoch)]);
        Assert.Equal("""{"step":1,"time":"1970-01-01T00:00:00Z","train_loss":null}""" + "\n", Encoding.UTF8.GetString(file.ToArray()));
    }

    private async Task<JsonElement[]> LogAsync(string name) =>
        [.. Encoding.UTF8.GetString(await _bench.ReadAsync(name)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
}
