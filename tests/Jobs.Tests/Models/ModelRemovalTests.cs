using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Models;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.Models;

public sealed class ModelRemovalTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly ModelBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Remove_DeletesTheWeights_AndTheNumberNeverMeansOtherOnes()
    {
        await _bench.AddAsync("flowers");
        ModelVersion second = await _bench.AddAsync("flowers");

        await _bench.Removal().RemoveAsync("flowers", 2, cancellation: Cancelled);
        await _bench.Removal().RemoveAsync("flowers", 2, cancellation: Cancelled);   // as after a crash between its two steps
        ModelVersion third = await _bench.AddAsync("flowers");

        Assert.Equal(3, third.Version);
        Assert.Null(await _bench.Blobs.Store.FindAsync(_bench.Store.WeightsOf(second), Cancelled));
        Assert.Equal([1, 3], (await _bench.Store.ListVersionsAsync("flowers", Cancelled)).Select(version => version.Version));
        var refused = await Assert.ThrowsAsync<JobException>(() => _bench.Store.ResolveAsync(new ModelReference("flowers", 2), Cancelled));
        Assert.Contains("flowers@2 was removed on", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Name another version (1, 3)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_OfTheNewest_LeavesTheOneBeforeItAsTheNewest()
    {
        await _bench.AddAsync("flowers");
        await _bench.AddAsync("flowers");

        await _bench.Removal().RemoveAsync("flowers", 2, cancellation: Cancelled);

        Assert.Equal(1, (await _bench.Store.ResolveAsync(new ModelReference("flowers"), Cancelled)).Version);
    }

    [Fact]
    public async Task Remove_IsRefused_WhileATagPointsThere_UnlessForced()
    {
        await _bench.AddAsync("flowers");
        await _bench.Tags.SetAsync(new ModelReference("flowers"), "best", Cancelled);

        var refused = await Assert.ThrowsAsync<JobException>(() => _bench.Removal().RemoveAsync("flowers", 1, cancellation: Cancelled));
        await _bench.Removal().RemoveAsync("flowers", 1, force: true, Cancelled);

        Assert.Contains("'best'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await _bench.Store.ListTagsAsync("flowers", Cancelled));
        Assert.Empty(await _bench.Store.ListAsync(Cancelled));
    }

    [Theory]
    [InlineData(CheckpointRole.Main)]
    [InlineData(CheckpointRole.Teacher)]
    public async Task Remove_IsRefused_WhileAnUnfinishedJobUsesIt_AndNotAfterwards(CheckpointRole role)
    {
        await _bench.AddAsync("flowers");
        Guid job = await _bench.Ledger.EnqueueAsync();
        Lease lease = await _bench.Ledger.ClaimAsync(job);
        await _bench.Pins.PinAsync(lease, role, new PinnedCheckpoint { Reference = "model:flowers", Checkpoint = "model:flowers@1", Path = "blob://test/x/y" }, Cancelled);

        var refused = await Assert.ThrowsAsync<JobException>(() => _bench.Removal().RemoveAsync("flowers", 1, cancellation: Cancelled));
        await _bench.Ledger.Leases.EndAsync(lease, new Outcome.Cancelled(), Cancelled);
        await _bench.Removal().RemoveAsync("flowers", 1, cancellation: Cancelled);

        Assert.Contains(job.ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sweep_DeletesOnlyOldWeightsThatNoVersionNames()
    {
        ModelVersion kept = await _bench.AddAsync("flowers");
        await _bench.Blobs.WriteAsync("models/flowers/weights/left-by-a-killed-adder.pth", [1]);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());

        int atOnce = await _bench.Removal(time).SweepAsync("flowers", Cancelled);
        time.Advance(ModelRemoval.SparedTime + TimeSpan.FromHours(1));
        int later = await _bench.Removal(time).SweepAsync("flowers", Cancelled);

        Assert.Equal((0, 1), (atOnce, later));
        Assert.Equal(_bench.Store.WeightsOf(kept).Name, Assert.Single(await _bench.NamesAsync("flowers/weights/")));
    }
}
