using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Tests.Train;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Data;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.DataSets;

public sealed class LeftOutTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly TrainingBench _bench = new(postgres, azurite);

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task WhatIsNotRead_StandsInTheResult_ByReason()
    {
        foreach (string label in (string[])["ant", "bee", "cat"])
            await _bench.WriteAsync($"images/{label}/1.png", TrainingBench.Noise(label));
        await _bench.WriteAsync("images/ant/2.heic", [1]);
        await _bench.WriteAsync("images/@eaDir/1.png", TrainingBench.Noise("thumbnail"));

        var done = Ended.As<Outcome.Succeeded>(await _bench.RunAsync(
            _bench.Arguments("run/") with { Data = _bench.Path("images/"), ValidationData = _bench.Path("images/"), EpochCount = 1 }));

        foreach (string field in (string[])["leftOut", "validationLeftOut"])
        {
            string[] leftOut = [.. done.Result.GetProperty(field).EnumerateArray().Select(left => left.GetString()!)];
            Assert.Equal(2, leftOut.Length);
            Assert.Contains(leftOut, left => left.Contains("images/ant/2.heic: HEIC is not read: save it as JPEG", StringComparison.Ordinal));
            Assert.Contains(leftOut, left => left.Contains("hidden, or of the system", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void AShardThatEndsTooEarly_IsAPermanentFault_AndOneThatCouldNotBeFetched_IsNot()
    {
        Assert.Equal(FailureKind.Permanent, FailureClassification.KindOf(new ShardException("cut off", new EndOfStreamException())));
        Assert.Equal(FailureKind.Transient, FailureClassification.KindOf(new ShardException("not fetched", new IOException())));
    }
}
