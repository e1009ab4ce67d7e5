using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;

namespace HrNetBatch.Jobs.Tests.Classify;

public class FailedItemTests(ClassifyStack stack) : IClassFixture<ClassifyStack>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RetryItems_RunsOnlyTheFailedOnes_AndRewritesErrorsAndManifest()
    {
        var blobs = await stack.InputAsync(11, brokenEach: 2);
        var job = await stack.SubmitAsync(blobs, a => a with { FailedItemLimit = 1 });
        await stack.SucceedAsync(job);
        var before = await stack.ManifestAsync(blobs);
        await blobs.WriteAsync("in/000.png", TestImages.Png(50));
        await blobs.WriteAsync("in/004.png", TestImages.Png(51));

        Assert.Equal(6, await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation));
        Assert.Equal(11, (await stack.RowsAsync(blobs)).Count); // the old output stays true meanwhile
        var result = await stack.SucceedAsync(job);

        Assert.Equal((7, 4), (result.Rows, result.Failed));
        var rows = await stack.RowsAsync(blobs);
        Assert.Equal(11, rows.Count);
        Assert.Equal((await stack.Store.FindAsync(blobs.Root.Combine("in/004.png"), Cancellation))!.ETag, rows["in/004.png"].GetProperty("etag").GetString());
        var kept = before.Parts.Where(part => part.Name.Contains("/part-", StringComparison.Ordinal)).ToList();
        Assert.Equal(kept, (await stack.ManifestAsync(blobs)).Parts.Take(kept.Count));
        Assert.Equal(11, (await stack.Jobs.FindAsync(job, Cancellation))!.DoneCount);

        Assert.Equal(4, await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation));
        foreach (var name in new[] { "in/002.png", "in/006.png", "in/008.png", "in/010.png" }) await blobs.WriteAsync(name, TestImages.Png(60));
        Assert.Equal((11, 0), ((await stack.SucceedAsync(job)).Rows, (await stack.ManifestAsync(blobs)).FailedCount));
        Assert.Equal(11, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task AMessageThatComesOnceMore_IsTheSameJob_AlsoAfterItsLimitWasChanged()
    {
        var blobs = await stack.InputAsync(1);
        var job = await stack.SubmitAsync(blobs);
        var submitted = new JobRequest { Id = job, Kind = ClassifyArguments.Kind, Arguments = (await stack.Jobs.FindAsync(job, Cancellation))!.Arguments };
        await stack.Jobs.CancelAsync(job, Cancellation);
        await stack.Get<FailedItemRetry>().AcceptAsync(job, 1, Cancellation);

        Assert.False(await stack.Jobs.EnqueueAsync(submitted, Cancellation));
        var changed = submitted with { Arguments = (await stack.Jobs.FindAsync(job, Cancellation))!.Arguments };
        await Assert.ThrowsAsync<JobRefusedException>(() => stack.Jobs.EnqueueAsync(changed, Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ARetryThatIsCancelled_LeavesResultFailuresAndManifestAsTheyWere_AndGoesOnLater(bool hasBegun)
    {
        var blobs = await stack.InputAsync(11, brokenEach: 2);
        var job = await stack.SubmitAsync(blobs, a => a with { FailedItemLimit = 1 });
        await stack.SucceedAsync(job);
        var (before, failures, rows) = (await stack.Jobs.FindAsync(job, Cancellation), await FailuresAsync(job), await stack.RowsAsync(blobs));
        await blobs.WriteAsync("in/000.png", TestImages.Png(50));
        await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation);

        if (hasBegun) await CancelAfterAUnitAsync(job);
        else await stack.Jobs.CancelAsync(job, Cancellation);

        var after = (await stack.Jobs.FindAsync(job, Cancellation))!;
        Assert.Equal((JobState.Succeeded, null, before!.Result!.Value.GetRawText()), (after.State, after.Error, after.Result!.Value.GetRawText()));
        Assert.Equal((before.DoneCount, before.TotalCount), (after.DoneCount, after.TotalCount));
        Assert.Equal(failures, await FailuresAsync(job));
        Assert.Equal(6, await stack.Get<FailedItemStore>().CountAsync(job, Cancellation));
        if (!hasBegun) Assert.Equal(rows.Keys.Order(), (await stack.RowsAsync(blobs)).Keys.Order());
        Assert.Equal(6, (await stack.ManifestAsync(blobs)).FailedCount);

        await blobs.WriteAsync("in/010.png", TestImages.Png(51));
        await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation);
        var result = await stack.SucceedAsync(job);
        Assert.Equal((7, 4), (result.Rows, result.Failed));
        Assert.Equal(11, (await stack.RowsAsync(blobs)).Count);
        Assert.Equal(["in/002.png", "in/004.png", "in/006.png", "in/008.png"], (await FailuresAsync(job)).Select(item => item.Name));
    }

    [Fact]
    public async Task ARetryThatFails_OrIsKilled_LeavesTheResultAndItsFailures()
    {
        var blobs = await stack.InputAsync(5, brokenEach: 2);
        var job = await stack.SubmitAsync(blobs, a => a with { FailedItemLimit = 1 });
        var result = await stack.SucceedAsync(job);
        var failures = await FailuresAsync(job);
        await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation);
        await stack.LetExpireAsync(await stack.ClaimAsync(job));
        Assert.Equal(result.Manifest, (await stack.Jobs.FindAsync(job, Cancellation))!.Result!.Value.GetProperty("manifest").GetString());

        await stack.Store.DeleteAsync(blobs.Root.Combine("model.pth"), Cancellation);
        Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        var failed = (await stack.Jobs.FindAsync(job, Cancellation))!;
        Assert.Equal((JobState.Failed, result.Failed), (failed.State, failed.Result!.Value.GetProperty("failed").GetInt64()));
        Assert.Equal(failures, await FailuresAsync(job));
        Assert.Equal(5, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task ARetryOfAJobThatStoppedAtItsLimit_KeepsEachFailure_UntilTheItemWasTriedAgain()
    {
        var blobs = await stack.InputAsync(10, brokenEach: 3);
        var job = await stack.SubmitAsync(blobs, a => a with { FailedItemLimit = 0.25 });
        Ended.As<Outcome.Failed>(await stack.RunAsync(job));
        var failures = await FailuresAsync(job);

        await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation);
        await stack.Jobs.CancelAsync(job, Cancellation);

        Assert.Equal(JobState.Cancelled, (await stack.Jobs.FindAsync(job, Cancellation))!.State);
        Assert.Equal(failures, await FailuresAsync(job));
        await blobs.WriteAsync("in/000.png", TestImages.Png(50));
        await blobs.WriteAsync("in/003.png", TestImages.Png(51));
        Assert.Equal(4, await stack.Get<FailedItemRetry>().RetryItemsAsync(job, cancellation: Cancellation));
        Assert.Equal((8, 2), ((await stack.SucceedAsync(job)).Rows, (await FailuresAsync(job)).Count));
        Assert.Equal(10, (await stack.RowsAsync(blobs)).Count);
    }

    private async Task<List<(string Name, string Reason)>> FailuresAsync(Guid job) =>
        [.. (await stack.Get<FailedItemStore>().ListAsync(job, cancellation: Cancellation)).Select(item => (item.Name, item.Reason))];

    /// <summary>An attempt that commits a unit of the retry, in which one image is mended, and then finds that the job is cancelled.</summary>
    private async Task CancelAfterAUnitAsync(Guid job)
    {
        var lease = await stack.ClaimAsync(job);
        using var stop = new AttemptStop();
        var attempt = ClassifyJob.Of(await stack.AttemptAsync(lease, stop));
        var unit = new PendingUnit((await stack.Get<UnitStore>().ClaimAsync(lease, Cancellation))!);
        foreach (var item in unit.Items)
            unit.Settle(item.Position, item.Item.Name == "in/000.png" ? new(item.Item.Name, "\"1\"", [new(0, "cat", 1)]) : new(item.Item.Name, "", [], "still no image"));
        await new UnitCommitter(stack.Store, stack.Get<UnitStore>(), stack.Get<FailedItemLimit>(), TimeProvider.System).CommitAsync(attempt, unit, Cancellation);
        await stack.Jobs.CancelAsync(job, Cancellation);
        await stack.Leases.EndAsync(lease, new Outcome.Cancelled(), Cancellation);
    }

    [Fact]
    public async Task RetryItems_IsRefused_WithoutFailedItems_OrWhileTheJobRuns()
    {
        var blobs = await stack.InputAsync(1);
        var job = await stack.SubmitAsync(blobs);
        var retry = stack.Get<FailedItemRetry>();

        await Assert.ThrowsAsync<JobRefusedException>(() => retry.RetryItemsAsync(job, cancellation: Cancellation));
        await stack.SucceedAsync(job);
        var refused = await Assert.ThrowsAsync<JobRefusedException>(() => retry.RetryItemsAsync(job, cancellation: Cancellation));

        Assert.Contains("no failed items", refused.Message, StringComparison.Ordinal);
        Assert.Equal(JobState.Succeeded, (await stack.Jobs.FindAsync(job, Cancellation))!.State);
    }

    [Fact]
    public async Task AJobPastItsLimit_FailsPermanently_SaysHowToGoOn_AndGoesOn()
    {
        var blobs = await stack.InputAsync(10, brokenEach: 3);
        var job = await stack.SubmitAsync(blobs, a => a with { FailedItemLimit = 0.25 });

        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("4 of 10 images could not be read (40%)", failed.Error, StringComparison.Ordinal);
        Assert.Contains("in/000.png: a text, not an image", failed.Error, StringComparison.Ordinal);
        Assert.Contains($"hrnet retry {job} --failed-items", failed.Error, StringComparison.Ordinal);
        Assert.Null(await stack.Store.FindAsync(blobs.Root.Combine("out/manifest.json"), Cancellation));

        await stack.Get<FailedItemRetry>().AcceptAsync(job, 0.4, Cancellation);
        Assert.Equal((6, 4), ((await stack.SucceedAsync(job)).Rows, (await stack.ManifestAsync(blobs)).FailedCount));
        Assert.Equal(10, (await stack.RowsAsync(blobs)).Count);
    }

    [Theory]
    [InlineData(0.1, 50, 50, false)] // too few to judge while more are to come
    [InlineData(0.1, 10, 100, false)]
    [InlineData(0.1, 11, 100, true)]
    [InlineData(0, 1, 200, true)]
    [InlineData(1, 200, 200, false)]
    public void Limit_IsAFractionOfWhatIsDone(double limit, int failed, int done, bool passed) =>
        Assert.Equal(passed, FailedItemLimit.IsPassed(limit, new() { DoneCount = done, FailedCount = failed, ItemCount = 1000, IsPlanComplete = true }));

    [Fact]
    public void Limit_JudgesASmallJobAtItsEnd() =>
        Assert.True(FailedItemLimit.IsPassed(0.1, new() { DoneCount = 5, FailedCount = 1, ItemCount = 5, IsPlanComplete = true }));
}
