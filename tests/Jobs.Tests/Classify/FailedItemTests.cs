using HrNetBatch.Jobs.Classify;
using HrNetBatch.Jobs.Contracts;

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

        var failed = Assert.IsType<Outcome.Failed>(await stack.RunAsync(job));

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
