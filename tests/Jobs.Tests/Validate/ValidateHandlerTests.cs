using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Tests.Train;
using HrNetBatch.Jobs.Validate;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Validate;

public sealed class ValidateHandlerTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Execute_FindsWhatTheTrainJobFound_InTheCheckpointThatItMade()
    {
        JsonElement trained = Assert.IsType<Outcome.Succeeded>(await _bench.RunAsync(_bench.Arguments("run/") with { EpochCount = 1 })).Result;
        string best = trained.GetProperty("best").GetString()!;

        JsonElement validated = Assert.IsType<Outcome.Succeeded>(
            await _bench.RunAsync(new ValidateArguments { Checkpoint = best, Data = _bench.Path("shards/"), BatchSize = 4 })).Result;

        Assert.Equal(12, validated.GetProperty("count").GetInt64());
        Assert.Equal(best, validated.GetProperty("checkpoint").GetString());
        foreach (string field in new[] { "loss", "top1", "top5" })
            Assert.Equal(trained.GetProperty(field).GetDouble(), validated.GetProperty(field).GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Execute_FailsForGood_WhenTheCheckpointIsNone()
    {
        var failed = Assert.IsType<Outcome.Failed>(
            await _bench.RunAsync(new ValidateArguments { Checkpoint = _bench.Path("shards/part-0.tar"), Data = _bench.Path("shards/") }));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("shards/part-0.tar", failed.Error, StringComparison.Ordinal);
    }
}
