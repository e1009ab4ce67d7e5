using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Submission;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.LocalStack;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Cli.Demo;

/// <summary>Data in, three jobs through, results out: what a user does with images of their own.</summary>
internal sealed class DemoRun(IServiceProvider services, string folder, bool json, TimeProvider time)
{
    private const string Container = "blob://local/emoji/";
    private const string Runs = Container + "runs/";

    /// <summary>Runs it.</summary>
    /// <exception cref="UserException">A job did not succeed.</exception>
    public async Task<DemoResult> RunAsync(CancellationToken cancellation)
    {
        string modules = await NpmPackages.Emoji.InstallAsync(new Remarks(), cancellation);
        var emoji = new EmojiImages(modules, Path.Combine(folder, "demo", "pictures"));
        IReadOnlyList<EmojiImage> validation = emoji.Of("twitter");
        await UploadAsync(emoji, validation, cancellation);

        JobFeed feed = await JobWatch.FollowAsync(services, await StartAsync(emoji.Labels, cancellation), json, cancellation);
        if (!feed.HasSucceeded)
        {
            Job failed = feed.Watched.First(watched => watched.Job.State != JobState.Succeeded).Job;
            throw new UserException($"The {failed.Kind} job {failed.Id} ended as {failed.State}: {failed.Error ?? "no reason was recorded"}");
        }
        return await DemoResult.ReadAsync(services, feed, emoji.Labels, validation, cancellation);
    }

    /// <summary>Submits the chain, unless one of an interrupted demo still waits for its worker: that goes on where it stopped.</summary>
    private async Task<Guid> StartAsync(IReadOnlyList<string> labels, CancellationToken cancellation)
    {
        var jobs = services.GetRequiredService<JobStore>();
        foreach (Job job in await jobs.ListAsync(kind: TrainArguments.Kind, cancellation: cancellation))
        {
            if (job.State.HasEnded() || !job.Arguments.GetProperty("output").GetString()!.StartsWith(Runs, StringComparison.Ordinal)) continue;
            Screen.Say($"An earlier demo was interrupted; its train job {JobReference.Short(job.Id)} goes on where it stopped.");
            return job.Id;
        }
        JobRequest request = Chain(labels);
        if (services.GetRequiredService<IOptions<ServiceBusOptions>>().Value.IsOn)
        {
            // As any other program would: a message to the queue of jobs.
            DateTimeOffset sentAt = time.GetUtcNow();
            await JobSending.SendAsync(services, request, cancellation);
            await new JobArrival(services).WaitAsync(request.Id, sentAt, cancellation);
        }
        else await jobs.EnqueueAsync(request, cancellation);
        Screen.Say("Submitted: train, then validate, then classify, each with what the one before it made.");
        return request.Id;
    }

    private async Task UploadAsync(EmojiImages emoji, IReadOnlyList<EmojiImage> validation, CancellationToken cancellation)
    {
        string shards = Path.Combine(folder, "demo", "shards");
        await EmojiShards.WriteAsync(shards, "train", emoji.Of("google"), DemoRecipe.TrainShardCount, cancellation);
        await EmojiShards.WriteAsync(shards, "validate", validation, DemoRecipe.ValidationShardCount, cancellation);
        await UploadAsync("Shards of google's and twitter's emoji", shards, [.. new DirectoryInfo(shards).GetFiles("*.tar")], "shards/", cancellation);
        await IndexAsync(Container + "shards/", cancellation);
        FileInfo[] images = [.. validation.Select(image => new FileInfo(image.File))];
        await UploadAsync("Twitter's emoji one by one", images[0].DirectoryName!, images, "images/", cancellation);
    }

    // With indexes the samples are mixed over all shards, and not only over those that are read at once.
    private async Task IndexAsync(string path, CancellationToken cancellation)
    {
        var files = new BlobFiles(services.GetRequiredService<BlobStore>());
        (DataLayout layout, IReadOnlyList<DataFile> tars) = await new DataSetFinder(files).FindTarsAsync(path, DataLayout.WebDataset, cancellation);
        foreach (DataFile tar in tars) await ShardIndexer.WriteAsync(files, tar, layout, cancellation);
    }

    private async Task UploadAsync(string what, string root, FileInfo[] files, string prefix, CancellationToken cancellation)
    {
        var progress = new TransferProgress(files.Length, files.Sum(file => file.Length));
        var upload = new FolderUpload(services.GetRequiredService<BlobStore>(), services.GetRequiredService<BlobAccounts>(), services.GetRequiredService<ModelStore>());
        BlobPath target = BlobPath.Parse(Container + prefix);
        Task<UploadSummary> work = upload.RunAsync(root, [.. files.Select(file => new UploadedFile(file.FullName, file.Length))], target, progress, cancellation);
        await progress.ShowAsync("Uploading", work);
        UploadSummary summary = await work;
        Screen.Say($"{what}: {Words.Count(summary.Uploaded)} uploaded to {target}, {Words.Count(summary.Skipped)} there already.");
    }

    private JobRequest Chain(IReadOnlyList<string> labels)
    {
        // A folder for each run, so that nothing of an earlier one is taken for this one's.
        string run = $"{Runs}{time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}/";
        string validationShards = EmojiShards.Pattern(Container + "shards/", "validate", DemoRecipe.ValidationShardCount);
        JobRequest classify = JobRequest.For(new ClassifyArguments
        {
            Input = Container + "images/",
            Checkpoint = "{{result.checkpoint}}",
            Output = run + "results/",
            Format = "jsonl",
            TopK = 3,
            UnitSize = 256,
            FlipAverage = true,
        });
        JobRequest validate = JobRequest.For(new ValidateArguments { Checkpoint = "{{result.best}}", Data = validationShards, FlipAverage = true });
        JobRequest train = JobRequest.For(DemoRecipe.Train(
            EmojiShards.Pattern(Container + "shards/", "train", DemoRecipe.TrainShardCount), validationShards, run + "model/", labels));
        return train with { Then = [validate with { Then = [classify] }] };
    }
}
