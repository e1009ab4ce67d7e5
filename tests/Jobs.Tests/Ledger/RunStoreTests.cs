using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class RunStoreTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private RunStore Runs => new(ledger.Source);

    private MetricStore Metrics => new(ledger.Source);

    [Fact]
    public async Task List_ShowsTheBestValidation_AndTheLastLoss()
    {
        Guid id = await TrainAsync(0.05);
        await Metrics.RecordAsync(
            await ledger.ClaimAsync(id),
            [
                new("train_loss", 10, 2.0), new("train_loss", 20, double.NaN),
                new("valid_top1", 10, 0.5), new("valid_top1", 20, 0.7), new("valid_top1", 30, 0.7), new("valid_top1", 40, double.NaN),
                new("valid_top5", 20, 0.9), new("valid_loss", 20, 1.1), new("valid_ece", 20, 0.04),
            ],
            Cancelled);

        Run run = (await Runs.ListAsync(kind: "train", cancellation: Cancelled)).Single(run => run.Job.Id == id);

        Assert.Equal(new BestValidation(20, 0.7, 0.9, 1.1, 0.04), run.Best);   // of equal ones the first; no number is never the best
        Assert.Equal(20, run.LastStep);
        Assert.True(double.IsNaN(run.TrainLoss!.Value));
    }

    [Fact]
    public async Task Tags_SelectRuns_AndAreTakenOffAgain()
    {
        Guid first = await TrainAsync(0.05), second = await ValidateAsync(), untouched = await TrainAsync(0.1);
        await Runs.TagAsync(first, ["paper", "baseline"], Cancelled);
        await Runs.TagAsync(first, ["paper"], Cancelled);
        await Runs.TagAsync(second, ["paper"], Cancelled);

        Assert.Equal([second, first], (await Runs.ListAsync("paper", cancellation: Cancelled)).Select(run => run.Job.Id));
        Assert.Equal(["baseline", "paper"], await Runs.TagsAsync(first, Cancelled));
        Assert.Equal(1, await Runs.UntagAsync(second, ["paper", "unknown"], Cancelled));
        Assert.Equal([first], (await Runs.ListAsync("paper", cancellation: Cancelled)).Select(run => run.Job.Id));
        Assert.Empty(Assert.Single(await Runs.FindAsync([untouched], Cancelled)).Tags);
    }

    [Theory]
    [InlineData("Not A Tag")]
    [InlineData("")]
    public async Task Tag_RefusesWhatCannotBeOne(string tag) =>
        await Assert.ThrowsAsync<JobRefusedException>(async () => await Runs.TagAsync(await TrainAsync(0.05), [tag], Cancelled));

    [Fact]
    public async Task Tag_RefusesJobsThatAreNoRuns()
    {
        var probe = await Assert.ThrowsAsync<JobRefusedException>(async () => await Runs.TagAsync(await ledger.EnqueueAsync(), ["paper"], Cancelled));
        Assert.Contains("only train and validate jobs", probe.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<JobRefusedException>(() => Runs.TagAsync(Guid.CreateVersion7(), ["paper"], Cancelled));
    }

    [Fact]
    public async Task Find_KeepsTheOrder_AndDifferencesNameOnlyWhatDiffers()
    {
        Guid fast = await TrainAsync(0.1), slow = await TrainAsync(0.05);

        IReadOnlyList<Run> runs = await Runs.FindAsync([fast, slow, Guid.CreateVersion7()], Cancelled);
        ArgumentDifference difference = Assert.Single(ArgumentDifference.Of(runs));

        Assert.Equal(["data"], ArgumentDifference.Of(await Runs.FindAsync([fast, await ValidateAsync()], Cancelled)).Select(one => one.Name).Except(["batchSize"]));
        Assert.Equal([fast, slow], runs.Select(run => run.Job.Id));
        Assert.Equal("learningRate", difference.Name);
        Assert.Equal([0.1, 0.05], difference.Values.Select(value => value!.Value.GetDouble()));
    }

    [Fact]
    public async Task Report_IsReplaced_AndReadBack()
    {
        Lease lease = await ledger.ClaimAsync(await TrainAsync(0.05));
        await Metrics.RecordReportAsync(lease, System.Text.Json.JsonSerializer.SerializeToElement(new { top1 = 0.25 }), Cancelled);
        await Metrics.RecordReportAsync(lease, System.Text.Json.JsonSerializer.SerializeToElement(new { top1 = 0.5 }), Cancelled);

        Assert.Equal(0.5, (await Metrics.FindReportAsync(lease.JobId, Cancelled))!.Value.GetProperty("top1").GetDouble());
        Assert.Null(await Metrics.FindReportAsync(Guid.CreateVersion7(), Cancelled));
    }

    private Task<Guid> TrainAsync(double learningRate) => SubmitAsync(new TrainArguments
    {
        Data = "blob://local/data/",
        Variant = "w18",
        ClassCount = 3,
        LearningRate = learningRate,
        Output = "blob://local/out/run",
    });

    private Task<Guid> ValidateAsync() => SubmitAsync(new ValidateArguments { Data = "blob://local/test/", Checkpoint = "model:flowers" });

    private async Task<Guid> SubmitAsync<TArguments>(TArguments arguments)
        where TArguments : IJobArguments
    {
        JobRequest request = JobRequest.For(arguments);
        var jobs = new JobStore(ledger.Source, KindTable.Default, Microsoft.Extensions.Options.Options.Create(ledger.Retry), new Jitter(1));
        await jobs.EnqueueAsync(request, Cancelled);
        return request.Id;
    }
}
