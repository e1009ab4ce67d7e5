using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Models;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Models;

public sealed class JobCheckpointsTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly ModelBench _bench = new(postgres, azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private JobCheckpoints Checkpoints => new(_bench.Blobs.Store, _bench.Store, _bench.Pins);

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Pin_GivesTenLanesTheSameVersion_WhileTheTagMoves()
    {
        for (int i = 0; i < 2; i++) await _bench.AddAsync("flowers");
        await TagAsync(1);
        Guid job = await _bench.Ledger.EnqueueAsync(laneCount: 10);
        var leases = new List<Lease>();
        for (int lane = 0; lane < 10; lane++) leases.Add(await _bench.Ledger.ClaimAsync(job));

        Task<PinnedCheckpoint>[] lanes = [.. leases.Select(lease => Task.Run(() => Checkpoints.PinAsync(lease, "model:flowers@best", Cancelled), Cancelled))];
        for (int move = 0; move < 6; move++) await TagAsync(2 - (move % 2));
        PinnedCheckpoint[] pins = await Task.WhenAll(lanes);

        Assert.Single(pins.Distinct());
        Assert.Equal("model:flowers@best", pins[0].Reference);
        Assert.Equal(pins[0], await _bench.Pins.FindAsync(job, Cancelled));
    }

    [Fact]
    public async Task Pin_OutlivesTheAttemptThatMadeIt()
    {
        for (int i = 0; i < 2; i++) await _bench.AddAsync("flowers");
        await TagAsync(1);
        Guid job = await _bench.Ledger.EnqueueAsync();
        Lease dead = await _bench.Ledger.ClaimAsync(job);
        await Checkpoints.PinAsync(dead, "model:flowers@best", Cancelled);
        await TagAsync(2);
        await _bench.Ledger.LetExpireAsync(dead);

        using LoadedCheckpoint loaded = await Checkpoints.LoadAsync(await _bench.Ledger.ClaimAsync(job), "model:flowers@best", Cancelled);

        Assert.Equal("model:flowers@1", loaded.Source.Checkpoint);
        await Assert.ThrowsAsync<LeaseLostException>(() => _bench.Pins.PinAsync(dead, loaded.Source, Cancelled));
    }

    [Fact]
    public async Task Pin_KeepsATeacherBesidesTheCheckpointToBeginWith()
    {
        for (int i = 0; i < 2; i++) await _bench.AddAsync("flowers");
        Guid job = await _bench.Ledger.EnqueueAsync();
        Lease lease = await _bench.Ledger.ClaimAsync(job);

        PinnedCheckpoint teacher = await Checkpoints.PinAsync(lease, CheckpointRole.Teacher, "model:flowers@2", Cancelled);
        PinnedCheckpoint main = await Checkpoints.PinAsync(lease, "model:flowers@1", Cancelled);

        Assert.Equal(("model:flowers@1", "model:flowers@2"), (main.Checkpoint, teacher.Checkpoint));
        Assert.Equal((main, teacher), (await _bench.Pins.FindAsync(job, Cancelled), await _bench.Pins.FindAsync(job, CheckpointRole.Teacher, Cancelled)));
        Assert.Equal(teacher, await Checkpoints.PinAsync(lease, CheckpointRole.Teacher, "model:flowers@1", Cancelled));   // the first answer stands
    }

    [Fact]
    public async Task Load_TakesLabelsAndImageSizeFromTheStore_AndNotesTheHashOfABlob()
    {
        await _bench.AddAsync("flowers", change: model => model with { Labels = ["rose", "tulip", "daisy"], ImageSize = 96 });
        await _bench.Blobs.WriteAsync("weights.pth", SmallWeights.Bytes);
        string blob = $"{_bench.Blobs.Root.Combine("weights.pth")}";
        Guid job = await _bench.Ledger.EnqueueAsync();

        using LoadedCheckpoint model = await Checkpoints.LoadAsync(CheckpointReference.Parse("model:flowers"), Cancelled);
        using LoadedCheckpoint plain = await Checkpoints.LoadAsync(await _bench.Ledger.ClaimAsync(job), blob, Cancelled);

        Assert.Equal((96, "rose"), (model.ImageSize, model.Labels![0]));
        Assert.Equal((LoadedCheckpoint.DefaultImageSize, null), (plain.ImageSize, plain.Labels));
        PinnedCheckpoint pin = (await _bench.Pins.FindAsync(job, Cancelled))!;
        Assert.Equal((blob, blob, model.Source.Sha256), (pin.Checkpoint, pin.Path, pin.Sha256));
    }

    [Fact]
    public async Task Load_RefusesWeightsThatAreNotThoseThatWereAdded()
    {
        ModelVersion version = await _bench.AddAsync("flowers");
        byte[] damaged = [.. SmallWeights.Bytes];
        damaged[^5000] ^= 1;
        await _bench.Blobs.Store.UploadAsync(_bench.Store.WeightsOf(version), new MemoryStream(damaged), cancellation: Cancelled);

        JobException refused = await RefusedAsync("model:flowers");

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains("model:flowers@1", refused.Message, StringComparison.Ordinal);
        Assert.Contains(version.Sha256, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_TellsAReplacedBlobFromADeletedOne_AndARemovedModelFromMissingWeights()
    {
        BlobPath path = _bench.Blobs.Root.Combine("weights.pth");
        await _bench.Blobs.WriteAsync("weights.pth", SmallWeights.Bytes);
        Guid job = await _bench.Ledger.EnqueueAsync(), other = await _bench.Ledger.EnqueueAsync();
        Lease lease = await _bench.Ledger.ClaimAsync(job), otherLease = await _bench.Ledger.ClaimAsync(other);
        await Checkpoints.PinAsync(lease, $"{path}", Cancelled);
        ModelVersion version = await _bench.AddAsync("flowers");
        await Checkpoints.PinAsync(otherLease, "model:flowers", Cancelled);

        await _bench.Blobs.WriteAsync("weights.pth", SmallWeights.Bytes);
        JobException replaced = await RefusedAsync(lease, $"{path}");
        await _bench.Blobs.Store.DeleteAsync(path, Cancelled);
        JobException deleted = await RefusedAsync(lease, $"{path}");
        await _bench.Blobs.Store.DeleteAsync(_bench.Store.WeightsOf(version), Cancelled);
        JobException missing = await RefusedAsync(otherLease, "model:flowers");
        await _bench.Removal().RemoveAsync("flowers", 1, force: true, Cancelled);
        JobException removed = await RefusedAsync(otherLease, "model:flowers");

        Assert.Contains("was replaced", replaced.Message, StringComparison.Ordinal);
        Assert.Contains("was deleted", deleted.Message, StringComparison.Ordinal);
        Assert.Contains("weights of model:flowers@1 are missing", missing.Message, StringComparison.Ordinal);
        Assert.Contains("flowers@1 was removed on", removed.Message, StringComparison.Ordinal);
    }

    private Task<(ModelTag, int?)> TagAsync(int version) => _bench.Tags.SetAsync(new ModelReference("flowers", version), "best", Cancelled);

    private Task<JobException> RefusedAsync(string reference) =>
        Assert.ThrowsAsync<JobException>(() => Checkpoints.LoadAsync(CheckpointReference.Parse(reference), Cancelled));

    private Task<JobException> RefusedAsync(Lease lease, string reference) => Assert.ThrowsAsync<JobException>(() => Checkpoints.LoadAsync(lease, reference, Cancelled));
}
