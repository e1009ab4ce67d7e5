using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Jobs.Tests.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class RunCheckpointsTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly LedgerDatabase _ledger = new(postgres);
    private TestBlobs _blobs = null!;
    private Guid _job;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        LibTorch.Load();
        _ledger.Options.LeaseDuration = TimeSpan.FromMinutes(30);
        await _ledger.InitializeAsync();
        _blobs = await TestBlobs.CreateAsync(azurite);
        _job = await _ledger.EnqueueAsync();
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task Save_KeepsTheNewest_AndListsNoOther()
    {
        RunCheckpoints run = await ClaimAsync(await _ledger.ClaimAsync(_job));
        for (int step = 1; step <= 5; step++)
            await SaveAsync(run, step);

        Assert.Equal([3, 4, 5], await StoredStepsAsync());
        Assert.Equal(5, await NewestStepAsync(run));
        await run.KeepNewestAsync();
        Assert.Equal([5], await StoredStepsAsync());
    }

    [Fact]
    public async Task Save_OfAPlaceThatIsSaved_DoesNothing()
    {
        RunCheckpoints run = await ClaimAsync(await _ledger.ClaimAsync(_job));
        await SaveAsync(run, 1);
        await SaveAsync(run, 1);
        Assert.Equal([1], await StoredStepsAsync());
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("changed")]
    [InlineData("gone")]
    public async Task ReadNewest_FallsBackToTheOneBefore_AndTheRunGoesOnFromThere(string damage)
    {
        RunCheckpoints first = await ClaimAsync(await _ledger.ClaimAsync(_job));
        for (int step = 1; step <= 3; step++)
            await SaveAsync(first, step);
        await DamageAsync(3, damage);

        RunCheckpoints second = await TakeOverAsync();
        Assert.Equal(2, await NewestStepAsync(second));
        await SaveAsync(second, 3); // the same place, made anew
        Assert.Equal(3, await NewestStepAsync(await TakeOverAsync()));
        Assert.Equal([1, 2, 3], await StoredStepsAsync());
    }

    [Fact]
    public async Task ReadNewest_NamesThemAll_WhenNoneIsWhole()
    {
        RunCheckpoints run = await ClaimAsync(await _ledger.ClaimAsync(_job));
        await SaveAsync(run, 1);
        await SaveAsync(run, 2);
        await DamageAsync(1, "gone");
        await DamageAsync(2, "cut");

        var failed = await Assert.ThrowsAsync<JobException>(() => NewestStepAsync(run));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("step-00000001", failed.Message, StringComparison.Ordinal);
        Assert.Contains("step-00000002", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_RemovesWhatAKilledAttemptUploadedAndDidNotList()
    {
        RunCheckpoints killed = await ClaimAsync(await _ledger.ClaimAsync(_job));
        await SaveAsync(killed, 1);
        await _blobs.WriteAsync("run/checkpoints/epoch-0000-step-00000002-0badcafe.pth.tar", [1, 2, 3]);
        await _blobs.WriteAsync("run/checkpoints/somebody's.txt", [1]);

        RunCheckpoints next = await TakeOverAsync();

        Assert.Equal(1, await NewestStepAsync(next));
        List<string> left = await _blobs.NamesAsync("run/checkpoints/");
        Assert.Equal(2, left.Count);
        Assert.Contains("run/checkpoints/somebody's.txt", left);
    }

    [Fact]
    public async Task Save_OfAStaleAttempt_ChangesNothing()
    {
        RunCheckpoints stale = await ClaimAsync(await _ledger.ClaimAsync(_job));
        await SaveAsync(stale, 1);
        RunCheckpoints successor = await TakeOverAsync();
        await SaveAsync(successor, 2);

        await Assert.ThrowsAsync<LeaseLostException>(() => SaveAsync(stale, 9));

        Assert.Equal(2, await NewestStepAsync(await TakeOverAsync()));
        Assert.Equal([1, 2], await StoredStepsAsync());
    }

    private async Task<RunCheckpoints> TakeOverAsync()
    {
        await _ledger.LetExpireAsync(_lease!);
        await _ledger.Leases.ExpireAsync(Token);
        return await ClaimAsync(await _ledger.ClaimAsync(_job));
    }

    private Lease? _lease;

    private async Task<RunCheckpoints> ClaimAsync(Lease lease)
    {
        _lease = lease;
        var start = new AttemptStart(lease, (await _ledger.JobAsync(_job)).Arguments, "cpu", 1);
        var attempt = new AttemptContext(
            start, new AttemptStop(), new JobKinds(), new ProgressStore(_ledger.Source), new MetricStore(_ledger.Source), NullLogger.Instance);
        return await RunCheckpoints.ClaimAsync(_blobs.Accounts, _blobs.Store, _blobs.Root.Combine("run"), attempt, keptCount: 3, Token);
    }

    private static async Task SaveAsync(RunCheckpoints run, int step)
    {
        using Tensor weight = full([4], (float)step);
        await run.SaveAsync(new TrainingPosition(0, step, step), CheckpointWriter.ToValue(new Dictionary<string, Tensor> { ["weight"] = weight }));
    }

    private static async Task<int> NewestStepAsync(RunCheckpoints run)
    {
        using Checkpoint? newest = await run.ReadNewestAsync(Token);
        return (int)newest!.StateDict["weight"][0].item<float>();
    }

    private async Task<IEnumerable<int>> StoredStepsAsync() =>
        [.. (await _blobs.NamesAsync("run/checkpoints/")).Select(name => int.Parse(name.Split("-step-")[1][..8], System.Globalization.CultureInfo.InvariantCulture)).Order()];

    private async Task DamageAsync(int step, string damage)
    {
        string name = (await _blobs.NamesAsync("run/checkpoints/")).Single(name => name.Contains($"-step-{step:D8}-", StringComparison.Ordinal));
        byte[] bytes = (await _blobs.Store.ReadAsync(_blobs.Root.Combine(name), cancellation: Token)).Bytes;
        switch (damage)
        {
            case "gone":
                await _blobs.Store.DeleteAsync(_blobs.Root.Combine(name), Token);
                break;
            case "cut":
                await _blobs.WriteAsync(name, bytes[..(bytes.Length / 2)]);
                break;
            default:
                bytes[bytes.Length / 2] ^= 1;
                await _blobs.WriteAsync(name, bytes);
                break;
        }
    }
}
