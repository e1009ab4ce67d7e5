using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Jobs.Tests.Ledger;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Export;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetVips;
using TorchSharp;

namespace HrNetBatch.Jobs.Tests.Train;

/// <summary>Twelve small images of three classes in two shards in Azurite, a ledger, and attempts that run in this process.</summary>
public sealed class TrainingBench(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly JobKinds Kinds = new(HandledKind.Of<TrainArguments, TrainHandler>(), HandledKind.Of<ValidateArguments, ValidateHandler>(), HandledKind.Of<ExportArguments, ExportHandler>());

    /// <summary>How many samples an epoch of <see cref="Arguments"/> has.</summary>
    public const int TrainingSampleCount = 12;

    private TestBlobs _blobs = null!;

    public LedgerDatabase Ledger { get; } = new(postgres);

    public MetricStore Metrics => new(Ledger.Source);

    /// <summary>The model store of this test.</summary>
    public ModelStore Models => new(_blobs.Store, Microsoft.Extensions.Options.Options.Create(new ModelOptions { Root = ModelRoot }));

    /// <summary>Hears what attempts log.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Where that is; null: nowhere.</summary>
    public string? ModelRoot { get; set; }

    private JobStore Jobs => new(Ledger.Source, Kinds, Microsoft.Extensions.Options.Options.Create(Ledger.Retry), new Jitter(1));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // Nobody renews a lease here, and the machine may be slow.
        Ledger.Options.LeaseDuration = TimeSpan.FromMinutes(30);
        await Ledger.InitializeAsync();
        _blobs = await TestBlobs.CreateAsync(azurite);
        ModelRoot = Path("models");
        await WriteShardAsync("shards/part-0.tar", [.. Enumerable.Range(0, 6).Select(i => ($"a{i}", i % 3))]);
        await WriteShardAsync("shards/part-1.tar", [.. Enumerable.Range(0, 6).Select(i => ($"b{i}", (i + 1) % 3))]);
    }

    public ValueTask DisposeAsync() => Ledger.DisposeAsync();

    /// <summary>The path of a blob of this test.</summary>
    public string Path(string name) => $"{_blobs.Root.Combine(name)}";

    /// <summary>A network as small as they come.</summary>
    public static readonly HrNetArchitecture Tiny = HrNetArchitecture.Uniform(1, 4, (1, 1, 1), 1, 4);

    /// <summary>Six steps in two epochs, with a point of the curves at each.</summary>
    public TrainArguments Arguments(string output) => new()
    {
        Data = Path("shards/part-{0..1}.tar"),
        ValidationData = Path("shards/"),
        Architecture = Tiny,
        Labels = ["ant", "bee", "cat"],
        ImageSize = 32,
        EpochCount = 2,
        BatchSize = 4,
        LearningRate = 0.01,
        MetricsInterval = 1,
        Seed = 5,
        Output = Path(output),
    };

    /// <summary>Writes a shard of noise.</summary>
    public async Task WriteShardAsync(string name, IReadOnlyList<(string Key, int Class)> samples)
    {
        using var tar = new MemoryStream();
        await using (var writer = new ShardWriter(tar))
        {
            foreach ((string key, int label) in samples)
                await writer.WriteAsync(key, "png", Noise(key), label, Cancelled);
        }
        await _blobs.WriteAsync(name, tar.ToArray());
    }

    /// <summary>Writes a folder of noise for each class.</summary>
    public async Task WriteFolderAsync(string folder, params (string Class, int Count)[] classes)
    {
        foreach ((string name, int count) in classes)
            foreach (int image in Enumerable.Range(0, count))
                await _blobs.WriteAsync($"{folder}/{name}/{image}.png", Noise($"{name}{image}"));
    }

    /// <summary>Writes an index beside each tar of a folder.</summary>
    public async Task IndexAsync(string folder)
    {
        var files = new BlobFiles(_blobs.Store);
        foreach (DataFile tar in (await new DataSetFinder(files).FindTarsAsync(Path(folder), DataLayout.WebDataset, Cancelled)).Tars)
            await ShardIndexer.WriteAsync(files, tar, DataLayout.WebDataset, Cancelled);
    }

    /// <summary>Writes a shard of noise without labels.</summary>
    public async Task WriteUnlabelledShardAsync(string name, int sampleCount)
    {
        using var tar = new MemoryStream();
        await using (var writer = new ShardWriter(tar))
        {
            foreach (string key in Enumerable.Range(0, sampleCount).Select(i => $"u{i}"))
                await writer.WriteAsync(key, [("png", Noise(key))], Cancelled);
        }
        await _blobs.WriteAsync(name, tar.ToArray());
    }

    /// <summary>Submits a job.</summary>
    public async Task<Guid> SubmitAsync<TArguments>(TArguments arguments)
        where TArguments : IJobArguments
    {
        JobRequest request = JobRequest.For(arguments);
        await Jobs.EnqueueAsync(request, Cancelled);
        return request.Id;
    }

    /// <summary>Claims the job.</summary>
    public Task<Lease> ClaimAsync(Guid job) => Ledger.ClaimAsync(job);

    /// <summary>Runs an attempt to its end and tells the ledger.</summary>
    public async Task<Outcome> RunAsync(Lease lease, AttemptStop? stop = null)
    {
        Outcome outcome = await RunUntoldAsync(lease, stop);
        if (outcome is not Outcome.Lost)
            await Ledger.Leases.EndAsync(lease, outcome, Cancelled);
        return outcome;
    }

    /// <summary>Runs an attempt to its end, and then its worker dies before it can tell the ledger.</summary>
    public async Task<Outcome> RunUntoldAsync(Lease lease, AttemptStop? stop = null)
    {
        using AttemptStop own = new();
        Job job = await Ledger.JobAsync(lease.JobId);
        AttemptContext attempt = new(
            new AttemptStart(lease, job.Arguments, "cpu", 1), stop ?? own, Kinds, new ProgressStore(Ledger.Source), Metrics, Logger);
        var checkpoints = new JobCheckpoints(_blobs.Store, Models, new PinnedCheckpointStore(Ledger.Source));
        IJobHandler handler = lease.Kind switch
        {
            "train" => new TrainHandler(_blobs.Accounts, _blobs.Store, checkpoints, new ModelAddition(Models, _blobs.Store, TimeProvider.System), TimeProvider.System),
            "validate" => new ValidateHandler(_blobs.Accounts, _blobs.Store, checkpoints),
            _ => new ExportHandler(_blobs.Accounts, _blobs.Store, checkpoints),
        };
        return await AttemptRunner.RunAsync(handler, attempt, stop ?? own);
    }

    /// <summary>Submits, claims and runs a job.</summary>
    public async Task<Outcome> RunAsync<TArguments>(TArguments arguments)
        where TArguments : IJobArguments => await RunAsync(await ClaimAsync(await SubmitAsync(arguments)));

    /// <summary>Waits until the run has made so many steps.</summary>
    public Task StepsAsync(Guid job, int count) => Eventually.TrueAsync(
        async () => (await Metrics.ReadAsync(job, "train_loss", cancellation: Cancelled)).Count >= count, $"{count} steps", TimeSpan.FromMinutes(3));

    /// <summary>Reads a checkpoint of this test; the caller disposes it.</summary>
    public async Task<Checkpoint> CheckpointAsync(string name)
    {
        await using FileStream file = await _blobs.Store.DownloadToTemporaryFileAsync(_blobs.Root.Combine(name), cancellation: Cancelled);
        return CheckpointReader.Read(file, name);
    }

    /// <summary>Writes fresh weights of three classes, on which nothing was trained.</summary>
    /// <param name="name">The blob.</param>
    /// <param name="answer">The class that they answer with, whatever they see; null: none.</param>
    /// <param name="labels">Names of its classes; null: ant, bee, cat.</param>
    public async Task WriteWeightsAsync(string name, int? answer = null, IReadOnlyList<string>? labels = null)
    {
        using var network = new HrNet(Tiny, 3);
        if (answer is { } index)
        {
            using var noGrad = torch.no_grad();
            network.state_dict()["classifier.weight"].zero_();
            network.state_dict()["classifier.bias"].zero_()[index] = 9f;
        }
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, CheckpointWriter.ToValue(network.state_dict(), new ModelCard("custom", 32, labels ?? ["ant", "bee", "cat"])));
        await WriteAsync(name, file.ToArray());
    }

    /// <summary>Writes a blob.</summary>
    public Task WriteAsync(string name, byte[] bytes) => _blobs.WriteAsync(name, bytes);

    /// <summary>The names of the blobs in a folder.</summary>
    public Task<List<string>> NamesAsync(string folder) => _blobs.NamesAsync(folder);

    /// <summary>Reads a blob.</summary>
    public async Task<byte[]> ReadAsync(string name) => (await _blobs.Store.ReadAsync(_blobs.Root.Combine(name), cancellation: Cancelled)).Bytes;

    /// <summary>The image that <see cref="WriteShardAsync"/> writes for a key.</summary>
    public static byte[] Noise(string key)
    {
        byte[] rgb = new byte[3 * 40 * 36];
        new Random(key.Sum(letter => letter)).NextBytes(rgb);
        using Image image = Image.NewFromMemory(rgb, 40, 36, 3, Enums.BandFormat.Uchar);
        return image.PngsaveBuffer();
    }
}
