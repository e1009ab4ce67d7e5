using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Jobs.Tests.Classify;

/// <summary>An image that kills whatever decodes it: found, named, and the rest of its job done. The deaths are played; PoisonTests of EndToEnd.Tests has real ones.</summary>
public class PoisonTests(ClassifyStack stack) : IClassFixture<ClassifyStack>
{
    private const string Killed = "The attempt's process was killed (SIGKILL): out of memory is the usual cause. Its last words:\nhelp";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SuspectStore Suspects => stack.Get<SuspectStore>();

    [Fact]
    public async Task AnImageOverWhichTwoProcessesDied_IsAFailedItem_AndTheRestIsClassified()
    {
        var blobs = await stack.InputAsync(7);
        var job = await PlannedAsync(blobs);

        await DieInUnitAsync(job);
        await DieOverAsync(job, 1);
        await DieOverAsync(job, 1, expectedFirst: 1);
        Assert.Equal(0, (await stack.Jobs.FindAsync(job, Cancellation))!.FailureCount);

        await LetBecomeDueAsync(job);
        var result = await stack.SucceedAsync(job);
        Assert.Equal((6, 1), (result.Rows, result.Failed));
        var rows = await stack.RowsAsync(blobs);
        Assert.Equal(7, rows.Count);
        Assert.Equal(
            "the process died twice while it decoded this image: The attempt's process was killed (SIGKILL): out of memory is the usual cause",
            rows["in/001.png"].GetProperty("error").GetString());
        Assert.Equal(["in/001.png"], (await stack.Get<FailedItemStore>().ListAsync(job, cancellation: Cancellation)).Select(item => item.Name));
    }

    [Fact]
    public async Task AnImageThatSurvivesItsSecondTry_IsNotBlamed_AndIsTriedFirst()
    {
        var blobs = await stack.InputAsync(3);
        var job = await PlannedAsync(blobs);

        await DieInUnitAsync(job);
        await DieOverAsync(job, 2);
        await DieOverAsync(job, 0, expectedFirst: 2, survives: [2, 1]);
        await DieOverAsync(job, 2, expectedFirst: 0, survives: [0]);

        await LetBecomeDueAsync(job);
        Assert.Equal((3, 0), ((await stack.SucceedAsync(job)).Rows, (await stack.ManifestAsync(blobs)).FailedCount));
        await stack.RowsAsync(blobs);
    }

    [Fact]
    public async Task AWorkerThatIsGone_MakesItsUnitsSuspects_AndIsNoLossOfTheJob()
    {
        var blobs = await stack.InputAsync(3);
        var job = await PlannedAsync(blobs);
        var lease = await stack.ClaimAsync(job);
        Assert.NotNull(await stack.Get<UnitStore>().ClaimAsync(lease, Cancellation));
        await stack.LetExpireAsync(lease);
        Assert.Equal(0, (await stack.Jobs.FindAsync(job, Cancellation))!.LostCount);

        var next = await stack.ClaimAsync(job);
        Assert.Null(await stack.Get<UnitStore>().ClaimAsync(next, Cancellation));
        var suspect = await Suspects.ClaimAsync(next, Cancellation);
        Assert.Equal((0, 3, null), (suspect!.Unit.Index, suspect.Unit.Items.Count, suspect.First));
        Assert.Null(await Suspects.ClaimAsync(next, Cancellation));
        await stack.LetExpireAsync(next);
        Assert.Equal(1, (await stack.Jobs.FindAsync(job, Cancellation))!.LostCount); // it died with nothing under way

        await Assert.ThrowsAsync<LeaseLostException>(() => Suspects.NoteAsync(next, 0, 1, Cancellation));
        Assert.Equal(3, (await stack.SucceedAsync(job)).Rows);
        await stack.RowsAsync(blobs);
    }

    [Fact]
    public async Task DeathsWithNoImageUnderWay_AreFailuresOfTheJob()
    {
        var job = await PlannedAsync(await stack.InputAsync(3));
        await DieInUnitAsync(job);

        for (int failure = 1; failure <= 5; failure++) await DieOverAsync(job, null);

        var failed = (await stack.Jobs.FindAsync(job, Cancellation))!;
        Assert.Equal((JobState.Failed, 5), (failed.State, failed.FailureCount));
    }

    [Fact]
    public async Task DeathsOverImageAfterImage_AreTheMachines_AndEndTheJob()
    {
        var job = await PlannedAsync(await stack.InputAsync(30), unitSize: 30);
        await DieInUnitAsync(job);

        int deaths = 0;
        for (; (await stack.Jobs.FindAsync(job, Cancellation))!.State != JobState.Failed; deaths++)
        {
            Assert.InRange(deaths, 0, 60);
            await DieOverAsync(job, deaths / 2, expectedFirst: deaths % 2 == 0 ? null : deaths / 2);
        }
        Assert.InRange(deaths, 2 * 16, (2 * 16) + 6);
    }

    [Fact]
    public async Task AFailureThatWasTold_MakesNoSuspect()
    {
        var blobs = await stack.InputAsync(3);
        var job = await PlannedAsync(blobs);
        var lease = await stack.ClaimAsync(job);
        Assert.NotNull(await stack.Get<UnitStore>().ClaimAsync(lease, Cancellation));
        await stack.Leases.EndAsync(lease, new Outcome.Failed("the network broke", FailureKind.Transient), Cancellation);
        Assert.Equal(1, (await stack.Jobs.FindAsync(job, Cancellation))!.FailureCount);

        await LetBecomeDueAsync(job);
        Assert.Null(await Suspects.ClaimAsync(await stack.ClaimAsync(job), Cancellation));
    }

    private async Task<Guid> PlannedAsync(Blobs.TestBlobs blobs, int unitSize = 3)
    {
        var job = await stack.SubmitAsync(blobs, a => a with { UnitSize = unitSize });
        var lease = await stack.ClaimAsync(job);
        using var stop = new AttemptStop();
        await using var services = await stack.ServicesAsync(("HrNetBatch:Classify:ListingPageSize", "100"));
        await services.GetRequiredService<UnitPlanner>().RunAsync(ClassifyJob.Of(await stack.AttemptAsync(lease, stop)), Cancellation);
        await stack.Leases.EndAsync(lease, new Outcome.HandedBack("planned"), Cancellation);
        return job;
    }

    /// <summary>An attempt takes the first unit as any, and its process dies.</summary>
    private async Task DieInUnitAsync(Guid job)
    {
        var lease = await stack.ClaimAsync(job);
        Assert.Equal(0, (await stack.Get<UnitStore>().ClaimAsync(lease, Cancellation))!.Index);
        await DieAsync(lease);
    }

    /// <summary>An attempt takes the suspect, decodes some of its images and dies over one, or (null) between two.</summary>
    private async Task DieOverAsync(Guid job, int? position, int? expectedFirst = null, int[]? survives = null)
    {
        await LetBecomeDueAsync(job);
        var lease = await stack.ClaimAsync(job);
        var suspect = await Suspects.ClaimAsync(lease, Cancellation);
        Assert.Equal((0, expectedFirst), (suspect!.Unit.Index, suspect.First));
        foreach (int survivor in survives ?? [])
        {
            await Suspects.NoteAsync(lease, 0, survivor, Cancellation);
            await Suspects.NoteAsync(lease, 0, null, Cancellation);
        }
        if (position is not null) await Suspects.NoteAsync(lease, 0, position, Cancellation);
        await DieAsync(lease);
    }

    private Task<JobState> DieAsync(Lease lease) => stack.Leases.EndAsync(lease, new Outcome.Failed(Killed, FailureKind.Transient) { Died = true }, Cancellation);

    private async Task LetBecomeDueAsync(Guid job)
    {
        await using var command = stack.Database.CreateCommand("UPDATE hrnet.jobs SET run_at = clock_timestamp() WHERE id = $1");
        command.Parameters.AddWithValue(job);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
