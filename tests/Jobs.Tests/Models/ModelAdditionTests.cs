using System.Security.Cryptography;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Models;

public sealed class ModelAdditionTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly Guid Job = Guid.CreateVersion7();

    private readonly ModelBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Add_KeepsWhatIsKnown_AndTheVeryBytes()
    {
        await _bench.AddAsync("flowers", change: model => model with { Labels = ["rose", "tulip", "daisy"], ImageSize = 64, Remark = "first" });

        ModelVersion version = await _bench.Store.ResolveAsync(new ModelReference("flowers"), Cancelled);

        Assert.Equal(("flowers", 1, "w18_small_v1", 3, 64, "first"), (version.Name, version.Version, version.Variant, version.ClassCount, version.ImageSize, version.Remark));
        Assert.Equal(["rose", "tulip", "daisy"], version.Labels);
        Assert.Equal("/home/somebody/best weights.pth", version.Source);
        byte[] stored = (await _bench.Blobs.Store.ReadAsync(_bench.Store.WeightsOf(version), cancellation: Cancelled)).Bytes;
        Assert.Equal(SmallWeights.Bytes, stored);
        Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(stored)), stored.LongLength), (version.Sha256, version.Bytes));
        Assert.Equal(0.875, version.Preprocessing.CropFraction);
    }

    [Fact]
    public async Task Add_KeepsTheArchitecture_OfANetworkBeyondTheNine()
    {
        HrNetArchitecture architecture = HrNetArchitecture.Uniform(1, 8, (1, 1, 1), 1, 8);
        var added = new ModelAddition(_bench.Store, _bench.Blobs.Store, TimeProvider.System);
        await added.AddAsync(new NewModel { Name = "tiny", Source = "tiny.pth" }, new MemoryStream(SmallWeights.Of(architecture)), cancellation: Cancelled);

        ModelVersion version = await _bench.Store.ResolveAsync(new ModelReference("tiny"), Cancelled);

        Assert.Equal(("custom", architecture), (version.Variant, version.Architecture));
    }

    [Fact]
    public async Task Add_GivesEachItsOwnVersion_WhenSeveralPeopleAddAtOnce()
    {
        ModelVersion[] added = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _bench.AddAsync("flowers"), Cancelled)));

        Assert.Equal([1, 2, 3, 4], added.Select(version => version.Version).Order());
        Assert.Equal(4, added.Select(version => version.Weights).Distinct().Count());
        Assert.Equal([1, 2, 3, 4], (await _bench.Store.ListVersionsAsync("flowers", Cancelled)).Select(version => version.Version));
    }

    /// <summary>A worker dies before each of its writes in turn, and once more after the last; each time the next attempt begins anew.</summary>
    [Fact]
    public async Task Add_MakesOneVersionOfAJob_WhereverItsAttemptsDie()
    {
        await _bench.AddAsync("flowers");
        for (int deadly = 1; deadly <= 2; deadly++)
        {
            int writes = 0;
            await Assert.ThrowsAsync<OperationCanceledException>(() => _bench.AddAsync("flowers", Job, () => ++writes == deadly ? throw new OperationCanceledException() : Task.CompletedTask));
            Assert.Single(await _bench.Store.ListVersionsAsync("flowers", Cancelled));   // half a version is none
        }

        ModelVersion first = await _bench.AddAsync("flowers", Job);
        ModelVersion again = await _bench.AddAsync("flowers", Job);

        Assert.Equal((2, first.Weights), (first.Version, again.Weights));
        Assert.Equal([1, 2], (await _bench.Store.ListVersionsAsync("flowers", Cancelled)).Select(version => version.Version));
        Assert.Equal(2, (await _bench.NamesAsync("flowers/weights/")).Count);   // the dead attempts' upload was taken up
    }

    [Fact]
    public async Task Add_OfAZombie_StopsAtTheVersionThatItsSuccessorMade()
    {
        ModelVersion? made = null;
        int checks = 0;

        // Stopped just before it writes its version 1; continued after somebody else, and then the job's next attempt, have added.
        ModelVersion zombie = await _bench.AddAsync("flowers", Job, async () =>
        {
            if (++checks != 2) return;
            await _bench.AddAsync("flowers");
            made = await _bench.AddAsync("flowers", Job);
            await _bench.AddAsync("flowers");
        });

        Assert.Equal((2, 2), (made!.Version, zombie.Version));
        Assert.Equal([1, 2, 3], (await _bench.Store.ListVersionsAsync("flowers", Cancelled)).Select(version => version.Version));
    }

    [Fact]
    public async Task Add_RefusesWhatNoJobCouldUse_AndLeavesNothing()
    {
        JobException labels = await Assert.ThrowsAsync<JobException>(() => _bench.AddAsync("flowers", change: model => model with { Labels = ["rose", "tulip"] }));
        JobException doubled = await Assert.ThrowsAsync<JobException>(() => _bench.AddAsync("flowers", change: model => model with { Labels = ["rose", "rose", "daisy"] }));
        JobException control = await Assert.ThrowsAsync<JobException>(() => _bench.AddAsync("flowers", change: model => model with { Labels = ["rose", "tu\u0007lip", "daisy"] }));
        JobException size = await Assert.ThrowsAsync<JobException>(() => _bench.AddAsync("flowers", change: model => model with { ImageSize = 100 }));
        JobException name = await Assert.ThrowsAsync<JobException>(() => _bench.AddAsync("My Flowers"));
        await Assert.ThrowsAsync<CheckpointException>(() => new ModelAddition(_bench.Store, _bench.Blobs.Store, TimeProvider.System).AddAsync(
            new NewModel { Name = "flowers", Source = "page.pth" }, new MemoryStream("<html>"u8.ToArray()), cancellation: Cancelled));

        Assert.Contains("3 classes apart, and 2 labels", labels.Message, StringComparison.Ordinal);
        Assert.Contains("'rose' stands twice", doubled.Message, StringComparison.Ordinal);
        Assert.Contains("'tu\\u0007lip' has a control character", control.Message, StringComparison.Ordinal);
        Assert.Contains("multiple of 32; 100", size.Message, StringComparison.Ordinal);
        Assert.Contains("'My Flowers' cannot be a model's name", name.Message, StringComparison.Ordinal);
        Assert.Empty(await _bench.NamesAsync(""));
    }
}
