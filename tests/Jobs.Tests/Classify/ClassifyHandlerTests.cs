using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Classify;

public class ClassifyHandlerTests(ClassifyStack stack) : IClassFixture<ClassifyStack>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // A file of somebody, and a part of a program whose parts did not name their job: it may be anybody's.
    private static readonly string[] NotOurs = ["out/parts/readme.txt", "out/parts/part-000000-dead0000.jsonl"];

    [Fact]
    public async Task Execute_GivesEveryBlobExactlyOneRow_BrokenOnesWithTheReason()
    {
        var blobs = await stack.InputAsync(17, brokenEach: 5);
        var job = await stack.SubmitAsync(blobs);

        var result = await stack.SucceedAsync(job);

        Assert.Equal(new ClassifyResult(blobs.Root.Combine("out/manifest.json").ToString(), 13, 4, result.Parts), result);
        var rows = await stack.RowsAsync(blobs);
        Assert.Equal(await blobs.NamesAsync("in"), rows.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["in/000.png", "in/005.png", "in/010.png", "in/015.png"],
            rows.Where(row => row.Value.GetProperty("error").GetString() == "a text, not an image").Select(row => row.Key).Order());
        var read = rows["in/001.png"];
        Assert.Equal((await stack.Store.FindAsync(blobs.Root.Combine("in/001.png"), Cancellation))!.ETag, read.GetProperty("etag").GetString());
        Assert.Equal(2, read.GetProperty("predictions").GetArrayLength());
        Assert.Contains(read.GetProperty("predictions")[0].GetProperty("label").GetString(), new[] { "cat", "dog", "fish" });
        var ended = (await stack.Jobs.FindAsync(job, Cancellation))!;
        Assert.Equal((JobState.Succeeded, 17L, 17L), (ended.State, ended.DoneCount, ended.TotalCount!.Value));
    }

    /// <summary>Other tests classify at the same time and count too, so this asks for at least its own.</summary>
    [Fact]
    public async Task Execute_CountsTheItemsOfItsUnits_InTheMetrics()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Name == "hrnetbatch.classify.items") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counted.AddOrUpdate($"{tags[0].Value}", count, (_, before) => before + count));
        listener.Start();

        await stack.SucceedAsync(await stack.SubmitAsync(await stack.InputAsync(17, brokenEach: 5)));

        Assert.InRange(counted["classified"], 13, long.MaxValue);
        Assert.InRange(counted["failed"], 4, long.MaxValue);
    }

    [Fact]
    public async Task Execute_MakesFailedItems_OfBlobsThatChangedOrWentSinceTheyWereListed()
    {
        var blobs = await stack.InputAsync(7);
        var job = await stack.SubmitAsync(blobs);
        await PlanOnlyAsync(job);
        await blobs.WriteAsync("in/002.png", TestImages.Png(99));
        await stack.Store.DeleteAsync(blobs.Root.Combine("in/004.png"), Cancellation);

        await stack.SucceedAsync(job);

        var rows = await stack.RowsAsync(blobs);
        Assert.Equal(7, rows.Count);
        Assert.Equal("replaced since it was listed", rows["in/002.png"].GetProperty("error").GetString());
        Assert.Equal("deleted since it was listed", rows["in/004.png"].GetProperty("error").GetString());
    }

    [Fact]
    public async Task Execute_SharesTheUnits_AmongLanes()
    {
        var blobs = await stack.InputAsync(30);
        var job = await stack.SubmitAsync(blobs, a => a with { LaneCount = 3, UnitSize = 1 });
        var leases = new[] { await stack.ClaimAsync(job), await stack.ClaimAsync(job), await stack.ClaimAsync(job) };

        var outcomes = await Task.WhenAll(leases.Select(lease => stack.RunAsync(lease)));
        Assert.DoesNotContain(outcomes, outcome => outcome is Outcome.Failed);

        Assert.Single(outcomes.OfType<Outcome.Succeeded>());
        Assert.Equal(2, outcomes.OfType<Outcome.HandedBack>().Count());
        Assert.Equal(30, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task Execute_RedoesOnlyWhatADeadAttemptLeft_AndRemovesItsPart()
    {
        var blobs = await stack.InputAsync(9);
        var job = await stack.SubmitAsync(blobs);
        await PlanOnlyAsync(job);
        var dead = await stack.ClaimAsync(job);
        Assert.NotNull(await stack.Get<UnitStore>().ClaimAsync(dead, Cancellation));
        await blobs.WriteAsync($"out/{PartName.OfUnit(job, 0, dead.Token, PartFormat.JsonLines)}", "{}"u8.ToArray());
        foreach (var name in NotOurs) await blobs.WriteAsync(name, "not ours"u8.ToArray());
        await stack.LetExpireAsync(dead);

        await stack.SucceedAsync(job);

        foreach (var name in NotOurs) Assert.True(await stack.Store.DeleteAsync(blobs.Root.Combine(name), Cancellation), name);
        Assert.Equal(9, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task Execute_HandsBackWithoutSpendingAnAttempt_WhenStopping_AndTheNextGoesOn()
    {
        var blobs = await stack.InputAsync(12);
        var job = await stack.SubmitAsync(blobs, a => a with { UnitSize = 1 });
        using var stop = new AttemptStop();
        var lease = await stack.ClaimAsync(job);
        var running = stack.RunAsync(lease, stop);
        await Eventually.TrueAsync(async () => (await stack.Get<UnitStore>().TotalsAsync(job, Cancellation)).DoneCount > 0, "a unit is committed");

        stop.Request(StopReason.Interrupt);

        var outcome = await running;
        if (outcome is Outcome.HandedBack)
        {
            Assert.Equal(JobState.Queued, (await stack.Jobs.FindAsync(job, Cancellation))!.State);
            outcome = await stack.RunAsync(job);
        }
        ClassifyStack.Succeeded(outcome); // the rest may have been quicker than the stop
        Assert.Equal(12, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task Execute_EndsAsCancelled_WhenTheJobIsCancelled()
    {
        var blobs = await stack.InputAsync(2);
        var job = await stack.SubmitAsync(blobs);
        using var stop = new AttemptStop();
        var lease = await stack.ClaimAsync(job);
        stop.Request(StopReason.Cancel);

        Ended.As<Outcome.Cancelled>(await stack.RunAsync(lease, stop));
        Assert.Equal(JobState.Cancelled, (await stack.Jobs.FindAsync(job, Cancellation))!.State);
    }

    [Fact]
    public async Task Execute_LeavesNoPart_WhenItsLeaseIsLostBeforeTheCommit()
    {
        var blobs = await stack.InputAsync(2);
        var job = await stack.SubmitAsync(blobs);
        await PlanOnlyAsync(job);
        var lease = await stack.ClaimAsync(job);
        using var stop = new AttemptStop();
        var attempt = ClassifyJob.Of(await stack.AttemptAsync(lease, stop));
        var unit = new PendingUnit((await stack.Get<UnitStore>().ClaimAsync(lease, Cancellation))!);
        foreach (var item in unit.Items) unit.Settle(item.Position, new(item.Item.Name, item.Item.ETag!, [new(0, "cat", 1)]));
        await stack.LetExpireAsync(lease);

        var committer = new UnitCommitter(stack.Store, stack.Get<UnitStore>(), stack.Get<FailedItemLimit>(), TimeProvider.System);

        await Assert.ThrowsAsync<LeaseLostException>(() => committer.CommitAsync(attempt, unit, Cancellation));
        Assert.Empty(await blobs.NamesAsync("out/parts"));
        Assert.Equal(0, (await stack.Get<UnitStore>().TotalsAsync(job, Cancellation)).DoneCount);
    }

    [Theory]
    [InlineData("no-such.pth", "does not exist")]
    [InlineData("in/000.png", "it is no checkpoint")]
    public async Task Execute_FailsPermanently_WithoutACheckpoint(string name, string fault)
    {
        var blobs = await stack.InputAsync(1);
        var job = await stack.SubmitAsync(blobs, a => a with { Checkpoint = blobs.Root.Combine(name).ToString() });

        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains(fault, failed.Error, StringComparison.Ordinal);
        Assert.Contains(name, failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_FailsPermanently_WhenTheCheckpointWasReplacedUnderTheJob()
    {
        var blobs = await stack.InputAsync(2);
        var job = await stack.SubmitAsync(blobs);
        await PlanOnlyAsync(job);
        var first = await stack.ClaimAsync(job);
        string path = blobs.Root.Combine("model.pth").ToString();
        await stack.Get<PinnedCheckpointStore>().PinAsync(first, new PinnedCheckpoint { Reference = path, Checkpoint = path, Path = path, Etag = "\"0x1\"" }, Cancellation);
        await stack.LetExpireAsync(first);

        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("was replaced", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_NamesClassesAsTheModelDoes_AndWritesItsVersionIntoTheManifest()
    {
        var blobs = await stack.InputAsync(2);
        ModelVersion version = await stack.AddModelAsync(blobs, "pets", ["Katze", "Hund", "Fisch"]);
        var job = await stack.SubmitAsync(blobs, a => a with { Checkpoint = "model:pets@latest" });

        await stack.SucceedAsync(job);

        var rows = await stack.RowsAsync(blobs);
        Assert.Contains(rows["in/000.png"].GetProperty("predictions")[0].GetProperty("label").GetString(), new[] { "Katze", "Hund", "Fisch" });
        Manifest manifest = await stack.ManifestAsync(blobs);
        Assert.Equal(($"model:pets@{version.Version}", version.Sha256), (manifest.Checkpoint, manifest.CheckpointSha256));
    }

    [Fact]
    public async Task Execute_SaysThatTheModelWasRemoved_WhileTheJobWaited()
    {
        var blobs = await stack.InputAsync(1);
        ModelVersion version = await stack.AddModelAsync(blobs, "waiting", ["a", "b", "c"]);
        await stack.AddModelAsync(blobs, "waiting", ["a", "b", "c"]);
        var job = await stack.SubmitAsync(blobs, a => a with { Checkpoint = "model:waiting@1" });

        var used = await Assert.ThrowsAsync<JobException>(() => stack.Get<ModelRemoval>().RemoveAsync("waiting", version.Version, cancellation: Cancellation));
        await stack.Get<ModelRemoval>().RemoveAsync("waiting", version.Version, force: true, Cancellation);
        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        Assert.Contains(job.ToString(), used.Message, StringComparison.Ordinal);
        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("The model waiting@1 was removed on", failed.Error, StringComparison.Ordinal);
        Assert.Contains("Name another version (2)", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_ReadsEveryBlobByTheNameThatWasListed_SlashesAndAll()
    {
        var blobs = await stack.InputAsync(0);
        string[] names = ["/a.png", "//d.png", "/2026/b.png", "c.png", "e/", "x#y?z%2F.png", "ü b.png", "x.png", "/x.png", "f//g.png"];
        foreach (var (i, name) in names.Index()) await blobs.WriteAsync(name, TestImages.Png(i));
        await stack.Store.DeleteAsync(blobs.Root.Combine("model.pth"), Cancellation);
        var model = await stack.InputAsync(0);
        var job = await stack.SubmitAsync(model, a => a with { Input = $"{blobs.Root}" });

        var result = await stack.SucceedAsync(job);

        Assert.Equal((names.Length, 0), (result.Rows, result.Failed));
        var rows = await stack.RowsAsync(model);
        Assert.Equal(names.Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        foreach (var name in names)
            Assert.Equal((await stack.Store.FindAsync(blobs.Root with { Name = name }, Cancellation))!.ETag, rows[name].GetProperty("etag").GetString());
    }

    [Fact]
    public async Task Execute_MakesFailedItems_OfNamesThatWouldBeReadAsAnothers()
    {
        var blobs = await stack.InputAsync(2);
        await blobs.WriteAsync("secret.png", TestImages.Png(9));
        await blobs.WriteRawAsync("in/../secret.png", TestImages.Png(3));
        await blobs.WriteRawAsync("in/./001.png", TestImages.Png(4));

        var result = await stack.SucceedAsync(await stack.SubmitAsync(blobs));

        var rows = await stack.RowsAsync(blobs);
        Assert.Equal((2, 2), (result.Rows, result.Failed));
        Assert.Contains("holds the part '..'", rows["in/../secret.png"].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("holds the part '.'", rows["in/./001.png"].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_FailsPermanently_NamingTheCheckpoint_WhereItAnswersNoNumbers()
    {
        var blobs = await stack.InputAsync(2);
        await blobs.WriteAsync("diverged.pth", ClassifyStack.SmallCheckpoint(weight: 1e30f));

        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs, a => a with { Checkpoint = $"{blobs.Root.Combine("diverged.pth")}" })));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("diverged.pth", failed.Error, StringComparison.Ordinal);
    }

    private async Task PlanOnlyAsync(Guid job)
    {
        var lease = await stack.ClaimAsync(job);
        using var stop = new AttemptStop();
        await stack.Get<UnitPlanner>().RunAsync(ClassifyJob.Of(await stack.AttemptAsync(lease, stop)), Cancellation);
        await stack.Leases.EndAsync(lease, new Outcome.HandedBack("planned"), Cancellation);
    }
}
