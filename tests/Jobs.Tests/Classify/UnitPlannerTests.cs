using Azure.Storage.Blobs.Models;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Jobs.Tests.Classify;

public class UnitPlannerTests(ClassifyStack stack) : IClassFixture<ClassifyStack>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 2)]
    [InlineData(6, 5)]
    [InlineData(23, 7)]
    public async Task Run_PlansEveryBlobOnce_InOrder_WhateverThePagesAndUnits(int pageSize, int unitSize)
    {
        var blobs = await InputAsync();
        var job = await stack.SubmitAsync(blobs, a => a with { UnitSize = unitSize });
        await using var services = await stack.ServicesAsync(("HrNetBatch:Classify:ListingPageSize", $"{pageSize}"));
        using var stop = new AttemptStop();
        var attempt = await stack.AttemptAsync(await stack.ClaimAsync(job), stop);

        await services.GetRequiredService<UnitPlanner>().RunAsync(ClassifyJob.Of(attempt), Cancellation);

        var units = await UnitsAsync(attempt.Lease);
        Assert.Equal(await blobs.NamesAsync("in"), units.SelectMany(unit => unit.Items).Select(item => item.Name));
        Assert.All(units, unit => Assert.InRange(unit.Items.Count, 1, unitSize));
        Assert.Equal(Enumerable.Range(0, units.Count), units.Select(unit => unit.Index));
        Assert.Equal(23, (await stack.Get<UnitStore>().TotalsAsync(job, Cancellation)).ItemCount);
    }

    [Fact]
    public async Task Run_GoesOnWhereADeadAttemptStopped_AfterAnyPage()
    {
        var blobs = await InputAsync();
        var names = await blobs.NamesAsync("in");
        for (var pageCount = 0; pageCount <= 4; pageCount++)
        {
            var job = await stack.SubmitAsync(blobs);
            var dead = await stack.ClaimAsync(job);
            var plan = (await stack.Get<PlanStore>().TakeAsync(dead, Cancellation))!;
            for (var page = 0; page < pageCount; page++)
            {
                var listed = await stack.Store.ListPageAsync(blobs.Root.Combine("in"), plan.Continuation, 5, Cancellation);
                plan = await stack.Get<PlanStore>().AppendAsync(
                    dead, [.. listed.Blobs.Select(b => new UnitItem(b.Path.Name, b.ETag)).Chunk(3)], 0, listed.Continuation, Cancellation);
            }
            await stack.LetExpireAsync(dead);

            using var stop = new AttemptStop();
            var attempt = await stack.AttemptAsync(await stack.ClaimAsync(job), stop);
            await stack.Get<UnitPlanner>().RunAsync(ClassifyJob.Of(attempt), Cancellation);

            Assert.Equal(names, (await UnitsAsync(attempt.Lease)).SelectMany(unit => unit.Items).Select(item => item.Name));
        }
    }

    [Fact]
    public async Task Append_IsRefused_OnceAnotherAttemptPlans()
    {
        var blobs = await InputAsync();
        var job = await stack.SubmitAsync(blobs, a => a with { LaneCount = 2 });
        var (first, second) = (await stack.ClaimAsync(job), await stack.ClaimAsync(job));
        var plans = stack.Get<PlanStore>();
        Assert.NotNull(await plans.TakeAsync(first, Cancellation));
        Assert.Null(await plans.TakeAsync(second, Cancellation));

        await stack.LetExpireAsync(first);

        Assert.NotNull(await plans.TakeAsync(second, Cancellation));
        await Assert.ThrowsAsync<LeaseLostException>(() => plans.AppendAsync(first, [[new("in/x", null)]], 0, "more", Cancellation));
        Assert.Equal(0, (await stack.Get<UnitStore>().TotalsAsync(job, Cancellation)).ItemCount);
    }

    [Fact]
    public async Task Run_LeavesOutWhatStandsForFolders_AndCountsIt_WhicheverPageTheyAreOn()
    {
        var blobs = await stack.InputAsync(0);
        var folder = new Dictionary<string, string> { ["hdi_isfolder"] = "true" };
        foreach (var name in new[] { "in/2026", "in/2026/d1", "in/slash/" })
            await blobs.Accounts.Blob(blobs.Root.Combine(name)).UploadAsync(new BinaryData(""), new BlobUploadOptions { Metadata = name.EndsWith('/') ? null : folder }, Cancellation);
        await blobs.WriteAsync("in/2026/d1/a.png", TestImages.Png(1));
        await blobs.WriteAsync("in/plain", []);                    // no mark: its child is two pages on
        for (var i = 0; i < 7; i++) await blobs.WriteAsync($"in/plain-{i}", TestImages.Png(i));
        await blobs.WriteAsync("in/plain/b.png", TestImages.Png(2));
        await blobs.WriteAsync("in/plainer", []);                  // an empty file
        var job = await stack.SubmitAsync(blobs);

        var result = await stack.SucceedAsync(job);

        Assert.Equal((9, 1, 4), (result.Rows, result.Failed, result.FolderMarkers));
        Assert.Equal(4, (await stack.ManifestAsync(blobs)).FolderMarkerCount);
        var rows = await stack.RowsAsync(blobs);
        Assert.Equal("in/plainer", Assert.Single(rows, row => row.Value.GetProperty("error").ValueKind == System.Text.Json.JsonValueKind.String).Key);
        Assert.Null(await stack.Store.FindAsync(blobs.Root.Combine("in/plain"), Cancellation));
    }

    [Fact]
    public async Task Run_SaysThatOnlyFoldersLieThere_OrThatTheInputIsABlob()
    {
        var blobs = await stack.InputAsync(1);
        await blobs.Accounts.Blob(blobs.Root.Combine("empty/")).UploadAsync(new BinaryData(""), Cancellation);

        var folders = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs, a => a with { Input = $"{blobs.Root.Combine("empty")}" })));
        var blob = Ended.As<Outcome.Failed>(await stack.RunAsync(
            await stack.SubmitAsync(blobs, a => a with { Input = $"{blobs.Root.Combine("in/000.png")}", Output = $"{blobs.Root.Combine("out2")}" })));

        Assert.Equal((FailureKind.Permanent, FailureKind.Permanent), (folders.Kind, blob.Kind));
        Assert.Contains("only 1 blob that stands for a folder", folders.Error, StringComparison.Ordinal);
        Assert.Contains("in/000.png*", blob.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FailsPermanently_WhereThereIsNothingToClassify()
    {
        var blobs = await stack.InputAsync(1);
        var job = await stack.SubmitAsync(blobs, a => a with { Input = blobs.Root.Combine("im").ToString() });

        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains(blobs.Root.Combine("im").ToString(), failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_GivesEachUnitToOneAttempt_UntilThatIsDead()
    {
        var blobs = await InputAsync();
        var job = await stack.SubmitAsync(blobs, a => a with { LaneCount = 2, UnitSize = 100 });
        var (first, second) = (await stack.ClaimAsync(job), await stack.ClaimAsync(job));
        var units = stack.Get<UnitStore>();
        await stack.Get<PlanStore>().TakeAsync(first, Cancellation);
        await stack.Get<PlanStore>().AppendAsync(first, [[new("in/x", "\"1\"")]], 0, null, Cancellation);

        Assert.NotNull(await units.ClaimAsync(first, Cancellation));
        Assert.Null(await units.ClaimAsync(second, Cancellation));
        await stack.LetExpireAsync(first);

        Assert.Equal(new UnitItem("in/x", "\"1\""), Assert.Single((await stack.Get<SuspectStore>().ClaimAsync(second, Cancellation))!.Unit.Items));
    }

    private async Task<TestBlobs> InputAsync()
    {
        var blobs = await stack.InputAsync(0);
        for (var i = 0; i < 23; i++) await blobs.WriteAsync($"in/{(char)('a' + (i % 7))}/{i:D3}", [1]);
        return blobs;
    }

    /// <summary>Every unit of the job, which the attempt claims.</summary>
    private async Task<List<Unit>> UnitsAsync(Lease lease)
    {
        var all = new List<Unit>();
        while (await stack.Get<UnitStore>().ClaimAsync(lease, Cancellation) is { } unit) all.Add(unit);
        return all;
    }
}
