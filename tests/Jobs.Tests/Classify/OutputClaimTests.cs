using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.Kinds.Execution;

namespace HrNetBatch.Jobs.Tests.Classify;

public class OutputClaimTests(ClassifyStack stack) : IClassFixture<ClassifyStack>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnotherJobsResults_AreRefused_AndStayWhole()
    {
        var blobs = await stack.InputAsync(4, brokenEach: 3);
        var first = await stack.SubmitAsync(blobs);
        await stack.SucceedAsync(first);
        var before = await VersionsAsync(blobs);

        var refused = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs, a => a with { Output = a.Output + "/" })));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains($"holds results of job {first}", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--replace-output", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await VersionsAsync(blobs));
    }

    [Fact]
    public async Task AManifestOfAProgramThatMadeNoClaims_IsRefusedToo()
    {
        var blobs = await stack.InputAsync(2);
        var first = await stack.SubmitAsync(blobs);
        await stack.SucceedAsync(first);
        await stack.Store.DeleteAsync(blobs.Root.Combine("out/job.json"), Cancellation);

        var refused = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs)));

        Assert.Contains($"{first}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replacing_DeletesManifestAndPartsOfTheOtherJob_AndNothingElse_OnceTheNewAreThere()
    {
        var blobs = await stack.InputAsync(5, brokenEach: 4);
        var first = await stack.SubmitAsync(blobs);
        await stack.SucceedAsync(first);
        await blobs.WriteAsync($"out/{PartName.OfUnit(first, 7, Guid.NewGuid(), PartFormat.Csv)}", [1]);   // of an attempt that was killed
        string[] others = ["out/parts/notes.txt", "out/model.onnx", "out/parts/part-000000-12345678.csv"];
        foreach (var name in others) await blobs.WriteAsync(name, [1]);
        await blobs.WriteAsync("in/new.png", TestImages.Png(7));
        var second = await stack.SubmitAsync(blobs, a => a with { ReplaceOutput = true });
        var lease = await stack.ClaimAsync(second);

        await ClaimOutputAsync(lease);
        Assert.Equal((first, 5L), ((await stack.ManifestAsync(blobs)).Job, (await stack.ManifestAsync(blobs)).BlobCount));
        ClassifyStack.Succeeded(await stack.RunAsync(lease));

        foreach (var name in others) Assert.True(await stack.Store.DeleteAsync(blobs.Root.Combine(name), Cancellation), name);
        Assert.Equal(6, (await stack.RowsAsync(blobs)).Count);
        Assert.Equal(second, (await stack.ManifestAsync(blobs)).Job);
        await stack.Get<FailedItemRetry>().RetryItemsAsync(first, cancellation: Cancellation);
        var displaced = Ended.As<Outcome.Failed>(await stack.RunAsync(first));
        Assert.Contains($"{second}", displaced.Error, StringComparison.Ordinal);
        Assert.Equal(6, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task OfTwoJobsThatClaimAtOnce_OneWins()
    {
        var blobs = await stack.InputAsync(1);
        var leases = new List<Lease>();
        for (var i = 0; i < 6; i++) leases.Add(await stack.ClaimAsync(await stack.SubmitAsync(blobs)));

        var ends = await Task.WhenAll(leases.Select(async lease => await Record.ExceptionAsync(() => ClaimOutputAsync(lease))));

        Assert.Single(ends, end => end is null);
        Assert.All(ends.OfType<Exception>(), end => Assert.Equal(FailureKind.Permanent, Assert.IsType<JobException>(end).Kind));
    }

    [Fact]
    public async Task AnUnfinishedJobsOutput_IsRefused_EvenToOneThatReplaces()
    {
        var blobs = await stack.InputAsync(1);
        var first = await stack.SubmitAsync(blobs);
        await ClaimOutputAsync(await stack.ClaimAsync(first));

        var refused = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs, a => a with { ReplaceOutput = true })));

        Assert.Contains($"Job {first} writes to", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheClaimOfAJobThatEndedBeforeItHadWrittenAnything_KeepsNobodyAway()
    {
        var blobs = await stack.InputAsync(2);
        Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs, a => a with { Checkpoint = $"{blobs.Root.Combine("mistyped.pth")}" })));

        await stack.SucceedAsync(await stack.SubmitAsync(blobs));

        Assert.Equal(2, (await stack.RowsAsync(blobs)).Count);
    }

    [Theory]
    [InlineData("in", "in")]
    [InlineData("in", "in/out")]
    [InlineData("", "out")]
    [InlineData("in", "i*", "in2")]
    [InlineData("out/parts", "out")]
    [InlineData("out/parts/part-0*", "out")]
    public void AnOutputWhosePartsWouldBeListedAsInput_IsRefusedAtOnce(string input, string output, string? other = null)
    {
        if (other is not null) (input, output) = (output, other);
        var arguments = new ClassifyArguments { Input = $"blob://a/images/{input}", Output = $"blob://A/images/{output}", Checkpoint = "blob://a/images/model.pth" };

        var refused = Assert.Throws<JobArgumentsException>(() => KindTable.Default.Parse("classify", JobKinds.Write(arguments)));

        Assert.StartsWith("output: ", Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in", "out")]
    [InlineData("in", "in-out")]
    [InlineData("out/images", "out")]
    [InlineData("ou*", "in")]
    public void AnOutputBesideOrAboveTheInput_IsTaken_WhereNoPartWouldBeListed(string input, string output) =>
        KindTable.Default.Parse("classify", JobKinds.Write(
            new ClassifyArguments { Input = $"blob://a/images/{input}", Output = $"blob://a/images/{output}", Checkpoint = "blob://a/images/model.pth" }));

    [Fact]
    public async Task TheSameContainerUnderAnotherAlias_IsTheSameContainer()
    {
        var blobs = await stack.InputAsync(1);
        await using var services = await stack.ServicesAsync(("HrNetBatch:Blobs:Accounts:again:ConnectionString", await stack.ConnectionStringAsync()));
        var job = await stack.SubmitAsync(blobs, a => a with { Output = $"blob://again/{blobs.Root.Container}/in/out" });

        var refused = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.ClaimAsync(job), services: services));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains("would be listed as images", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheModelStore_IsNoOutput()
    {
        var blobs = await stack.InputAsync(1);
        var job = await stack.SubmitAsync(blobs, a => a with { Output = $"{stack.Get<Kinds.Models.ModelStore>().Root}/flowers" });

        var refused = Ended.As<Outcome.Failed>(await stack.RunAsync(job));

        Assert.Equal(FailureKind.Permanent, refused.Kind);
        Assert.Contains("model store", refused.Error, StringComparison.Ordinal);
    }

    private async Task ClaimOutputAsync(Lease lease)
    {
        using var stop = new AttemptStop();
        await stack.Get<OutputClaims>().ClaimAsync(ClassifyJob.Of(await stack.AttemptAsync(lease, stop)), Cancellation);
    }

    private async Task<List<string>> VersionsAsync(TestBlobs blobs)
    {
        var versions = new List<string>();
        await foreach (var blob in stack.Store.ListAsync(blobs.Root.Combine("out"), Cancellation)) versions.Add($"{blob.Path.Name} {blob.ETag}");
        return versions;
    }
}
