using System.Globalization;
using HrNetBatch.Cli.Output;
using HrNetBatch.Cli.Transfer;
using HrNetBatch.Cli.Watching;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Classify;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Validate;
using HrNetBatch.LocalStack;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Demo;

/// <summary>Data in, three jobs through, results out: what a user does with images of their own.</summary>
internal sealed class DemoRun(IServiceProvider services, string folder, bool json, TimeProvider time)
{
    private const string Container = "blob://local/emoji/";

    /// <summary>Runs it.</summary>
    /// <exception cref="UserException">A job did not succeed.</exception>
    public async Task<DemoResult> RunAsync(CancellationToken cancellation)
    {
        string modules = await NpmPackages.Emoji.InstallAsync(new Remarks(), cancellation);
        var emoji = new EmojiImages(modules, Path.Combine(folder, "demo", "pictures"));
        IReadOnlyList<EmojiImage> validation = emoji.Of("twitter");
        await UploadAsync(emoji, validation, cancellation);

        JobRequest request = Chain(emoji.Labels);
        await services.GetRequiredService<JobStore>().EnqueueAsync(request, cancellation);
        Screen.Say("Submitted: train, then validate, then classify, each with what the one before it made.");
        JobFeed feed = await JobWatch.FollowAsync(services, request.Id, json, cancellation);
        if (!feed.HasSucceeded)
        {
            Job failed = feed.Watched.First(watched => watched.Job.State != JobState.Succeeded).Job;
            throw new UserException($"The {failed.Kind} job {failed.Id} ended as {failed.State}: {failed.Error ?? "no reason was recorded"}");
        }
        return await DemoResult.ReadAsync(services, feed, emoji.Labels, validation, cancellation);
    }

    private async Task UploadAsync(EmojiImages emoji, IReadOnlyList<EmojiImage> validation, CancellationToken cancellation)
    {
        string shards = Path.Combine(folder, "demo", "shards");
        await EmojiShards.WriteAsync(shards, "train", emoji.Of("google"), DemoRecipe.TrainShardCount, cancellation);
        await EmojiShards.WriteAsync(shards, "validate", validation, DemoRecipe.ValidationShardCount, cancellation);
        await UploadAsync("Shards of google's and twitter's emoji", shards, [.. new DirectoryInfo(shards).GetFiles("*.tar")], "shards/", cancellation);
        FileInfo[] images = [.. validation.Select(image => new FileInfo(image.File))];
        await UploadAsync("Twitter's emoji one by one", images[0].DirectoryName!, images, "images/", cancellation);
    }

    private async Task UploadAsync(string what, string root, FileInfo[] files, string prefix, CancellationToken cancellation)
    {
        var progress = new TransferProgress(files.Length, files.Sum(file => file.Length));
        var upload = new FolderUpload(services.GetRequiredService<BlobStore>(), services.GetRequiredService<BlobAccounts>());
        BlobPath target = BlobPath.Parse(Container + prefix);
        Task<UploadSummary> work = upload.RunAsync(root, files, target, progress, cancellation);
        await progress.ShowAsync("Uploading", work);
        UploadSummary summary = await work;
        Screen.Say($"{what}: {Words.Count(summary.Uploaded)} uploaded to {target}, {Words.Count(summary.Skipped)} there already.");
    }

    private JobRequest Chain(IReadOnlyList<string> labels)
    {
        // A folder for each run, so that nothing of an earlier one is taken for this one's.
        string run = $"{Container}runs/{time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}/";
        string validationShards = EmojiShards.Pattern(Container + "shards/", "validate", DemoRecipe.ValidationShardCount);
        JobRequest classify = JobRequest.For(new ClassifyArguments
        {
            Input = Container + "images/",
            Checkpoint = "{{result.checkpoint}}",
            Output = run + "results/",
            Format = "jsonl",
            TopK = 3,
            UnitSize = 256,
        });
        JobRequest validate = JobRequest.For(new ValidateArguments { Checkpoint = "{{result.best}}", Shards = validationShards });
        JobRequest train = JobRequest.For(DemoRecipe.Train(
            EmojiShards.Pattern(Container + "shards/", "train", DemoRecipe.TrainShardCount), validationShards, run + "model/", labels));
        return train with { Then = [validate with { Then = [classify] }] };
    }
}
