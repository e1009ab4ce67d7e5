using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HrNetBatch.Cli.Verifying;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.TestKit;

namespace HrNetBatch.EndToEnd.Tests;

/// <summary>Workers are killed at random points of a job, by SIGKILL; nothing is lost and nothing is there twice.</summary>
public sealed class KillTests(PostgresFixture postgres, AzuriteFixture azurite)
{
    private const int Seed = 20261123;

    [Fact]
    public async Task Classify_HasOneRowForEachBlob_WhenWorkersAreKilledThreeTimes()
    {
        const int imageCount = 240, unreadableCount = 3;
        var random = new Random(Seed);
        await using StackOfTest stack = await StackOfTest.StartAsync(postgres, azurite);
        await stack.UploadAsync("weights.pth", Weights());
        await Parallel.ForAsync(0, imageCount, TestContext.Current.CancellationToken, async (index, _) => await stack.UploadAsync(
            $"images/{index:000}.png", index < unreadableCount ? Encoding.UTF8.GetBytes("no image") : ColourImages.Png(index % 3, new Random(index))));
        stack.StartWorker();
        stack.StartWorker();

        Guid job = await stack.EnqueueAsync(new ClassifyArguments
        {
            Input = stack.Root.Combine("images/").ToString(),
            Checkpoint = stack.Root.Combine("weights.pth").ToString(),
            Output = stack.Root.Combine("output/").ToString(),
            Format = "jsonl",
            ImageSize = ColourImages.Side,
            BatchSize = 4,
            UnitSize = 8,
            LaneCount = 2,
            TopK = 2,
        });
        foreach (double point in RandomPoints(random, count: 3))
        {
            long itemCount = (long)(point * imageCount);
            await stack.KillAsync(job, async () => await DoneAsync(stack, job) >= itemCount, $"{itemCount} of {imageCount} images are done", random);
        }

        Job done = await stack.SucceededAsync(job);
        await Eventually.TrueAsync(async () => await stack.LostCountAsync(job) == 3, "each killed attempt is noted as lost");
        Assert.Equal([], (await new ClassifyVerification(stack.Get<BlobAccounts>(), done, await stack.Get<PinnedCheckpointStore>().FindAsync(job, TestContext.Current.CancellationToken), unreadableCount).RunAsync(TestContext.Current.CancellationToken)).Findings);
        Dictionary<string, JsonElement> rows = await stack.RowsAsync(imageCount);
        Assert.Equal(Enumerable.Range(0, imageCount).Select(index => $"images/{index:000}.png"), rows.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(unreadableCount, rows.Values.Count(row => row.GetProperty("error").ValueKind == JsonValueKind.String));
    }

    /// <summary>The promise, for accumulated gradients, mixed images and averaged weights too: on the CPU, with the same seed and number of threads, the weights are those of a run that nobody disturbed.</summary>
    [Fact]
    public async Task Training_EndsWithTheSameBits_WhenWorkersAreKilledFiveTimes()
    {
        const int shardCount = 3, samplesInShard = 24, epochCount = 3, batchSize = 8, killCount = 5;
        const int stepCount = shardCount * samplesInShard / batchSize * epochCount;
        var random = new Random(Seed);
        await using StackOfTest stack = await StackOfTest.StartAsync(postgres, azurite);
        for (int shard = 0; shard < shardCount; shard++)
            await stack.UploadAsync($"shards/train-{shard:000}.tar", await ShardAsync(shard, samplesInShard));
        stack.StartWorker();
        stack.StartWorker();

        var arguments = new TrainArguments
        {
            Data = stack.Root.Combine($"shards/train-{{000..{shardCount - 1:000}}}.tar").ToString(),
            Variant = "w18_small_v1",
            Labels = ColourImages.Labels,
            ImageSize = ColourImages.Side,
            EpochCount = epochCount,
            BatchSize = batchSize,
            MicroBatchSize = batchSize / 2,
            CutMixAlpha = 1,
            LabelSmoothing = 0.1,
            EmaDecay = 0.9,
            CheckpointInterval = TimeSpan.FromSeconds(4),
            MetricsInterval = 1,
            Output = stack.Root.Combine("run/").ToString(),
            SaveAs = "colours",
        };
        Job undisturbed = await stack.SucceededAsync(await stack.EnqueueAsync(arguments with
        {
            Output = stack.Root.Combine("undisturbed/").ToString(),
            SaveAs = null,
            CheckpointInterval = TimeSpan.FromHours(1),
        }));
        Guid job = await stack.EnqueueAsync(arguments);
        foreach (double point in RandomPoints(random, killCount))
        {
            long step = (long)(point * stepCount);
            await stack.KillAsync(job, async () => (await stack.FindAsync(job)).DoneCount >= step, $"{step} of {stepCount} steps are done", random);
        }

        Job done = await stack.SucceededAsync(job);
        await Eventually.TrueAsync(async () => await stack.LostCountAsync(job) == killCount, "each killed attempt is noted as lost");
        Assert.Equal(await HashAsync(stack, undisturbed, "final"), await HashAsync(stack, done, "final"));
        IReadOnlyList<MetricPoint> log = await stack.Get<MetricStore>().ReadAsync(job, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal([], (await new TrainVerification(stack.Blobs, done, log).RunAsync(TestContext.Current.CancellationToken)).Findings);
        await AssertDamageIsFoundAsync(stack, done, log);
        await using Stream stored = await stack.Blobs.OpenReadAsync(
            BlobPath.Parse(done.Result!.Value.GetProperty("checkpoint").GetString()!), cancellation: TestContext.Current.CancellationToken);
        using Checkpoint checkpoint = CheckpointReader.Read(stored, "the run's checkpoint");
        Assert.Equal(epochCount, checkpoint.Epoch);
        Assert.Equal(ColourImages.Labels, checkpoint.Card!.Labels);
        ModelVersion version = Assert.Single(await stack.Get<ModelStore>().ListVersionsAsync("colours", TestContext.Current.CancellationToken));
        Assert.Equal(("model:colours@1", job), (done.Result!.Value.GetProperty("model").GetString(), version.Job));
        Assert.Equal(
            ["run/checkpoint.pth.tar", "run/checkpoints.json", "run/final_state.pth.tar", "run/model_best.pth.tar"],
            (await stack.NamesAsync("run/")).Where(name => !name.StartsWith("run/checkpoints/", StringComparison.Ordinal) && !RunFileNames.Any(name.Contains)));
    }

    private static async Task AssertDamageIsFoundAsync(StackOfTest stack, Job done, IReadOnlyList<MetricPoint> log)
    {
        byte[] whole = (await stack.Blobs.ReadAsync(stack.Root.Combine("run/final_state.pth.tar"), cancellation: TestContext.Current.CancellationToken)).Bytes;
        await stack.UploadAsync("run/final_state.pth.tar", whole[..(whole.Length / 2)]);
        MetricPoint[] longer = [.. log, new MetricPoint("train_loss", 1_000_000, 1)];

        IReadOnlyList<string> findings = (await new TrainVerification(stack.Blobs, done, longer).RunAsync(TestContext.Current.CancellationToken)).Findings;

        Assert.Contains(findings, finding => finding.Contains("final_state.pth.tar", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.EndsWith("and the log goes to step 1000000", StringComparison.Ordinal));
        Assert.Equal(2, findings.Count);
        await stack.UploadAsync("run/final_state.pth.tar", whole);
    }

    /// <summary>The curves as files, which other tests look into.</summary>
    private static readonly string[] RunFileNames = ["log.jsonl", "tfevents"];

    private static async Task<string> HashAsync(StackOfTest stack, Job done, string file)
    {
        BlobPath path = BlobPath.Parse(done.Result!.Value.GetProperty(file).GetString()!);
        return Convert.ToHexStringLower(SHA256.HashData((await stack.Blobs.ReadAsync(path, cancellation: TestContext.Current.CancellationToken)).Bytes));
    }

    /// <summary>Points between the start and the end of a job, in order, one in each of equal spans.</summary>
    private static IEnumerable<double> RandomPoints(Random random, int count) =>
        Enumerable.Range(0, count).Select(index => (index + 0.2 + (0.6 * random.NextDouble())) / (count + 0.5));

    private static async Task<long> DoneAsync(StackOfTest stack, Guid job) =>
        (await stack.Get<UnitCountStore>().FindAsync(job, TestContext.Current.CancellationToken))?.DoneItemCount ?? 0;

    internal static byte[] Weights()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), ColourImages.Labels.Count, Seed);
        var stream = new MemoryStream();
        CheckpointWriter.Write(stream, new TrainingCheckpoint
        {
            Epoch = 0,
            Perf = 0,
            StateDict = network.state_dict(),
            Card = new ModelCard("w18_small_v1", ColourImages.Side, ColourImages.Labels),
        }.ToValue());
        return stream.ToArray();
    }

    private static async Task<byte[]> ShardAsync(int shard, int sampleCount)
    {
        var random = new Random(Seed + shard);
        var stream = new MemoryStream();
        await using (var writer = new ShardWriter(stream))
        {
            for (int sample = 0; sample < sampleCount; sample++)
                await writer.WriteAsync($"{shard:000}-{sample:000}", "png", ColourImages.Png(sample % 3, random), sample % 3, TestContext.Current.CancellationToken);
        }
        return stream.ToArray();
    }
}
