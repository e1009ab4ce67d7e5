using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Classify;

/// <summary>A real ledger, a real blob store and a small network: all that a classify job needs, shared by the tests of a class.</summary>
public sealed class ClassifyStack(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ServiceProvider _services = null!;
    private readonly Guid _id = Guid.NewGuid();
    private byte[] _checkpoint = [];

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public NpgsqlDataSource Database => Get<NpgsqlDataSource>();
    public JobStore Jobs => Get<JobStore>();
    public LeaseStore Leases => Get<LeaseStore>();
    public BlobStore Store => Get<BlobStore>();

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _services = await ServicesAsync();
        await Get<LedgerMigrator>().MigrateAsync(Cancellation);
        _checkpoint = SmallCheckpoint();
    }

    public Task<string> ConnectionStringAsync() => azurite.ConnectionStringAsync();

    /// <summary>Services of their own over the same ledger and blobs, as another process has them.</summary>
    public async Task<ServiceProvider> ServicesAsync(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = _database.ConnectionString,
            ["HrNetBatch:Ledger:LeaseDuration"] = "00:10:00", // nobody renews leases here, and the machine may be slow
            ["HrNetBatch:Blobs:Accounts:test:ConnectionString"] = await azurite.ConnectionStringAsync(),
            ["HrNetBatch:Models:Root"] = $"blob://test/models-{_id:n}",
            ["HrNetBatch:Classify:ListingPageSize"] = "5",
            ["HrNetBatch:Classify:LookInterval"] = "00:00:00.02",
        });
        configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        return new ServiceCollection().AddLogging().AddHrNetJobs(configuration.Build()).BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>A container with a checkpoint, and with images <c>in/0.png …</c>, of which every <paramref name="brokenEach"/>-th is none.</summary>
    internal async Task<TestBlobs> InputAsync(int imageCount, int brokenEach = 0)
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        await blobs.WriteAsync("model.pth", _checkpoint);
        for (var i = 0; i < imageCount; i++)
            await blobs.WriteAsync($"in/{i:D3}.png", brokenEach > 0 && i % brokenEach == 0 ? "no image"u8.ToArray() : TestImages.Png(i));
        return blobs;
    }

    /// <summary>Adds the checkpoint of <see cref="InputAsync"/> to the model store.</summary>
    internal async Task<ModelVersion> AddModelAsync(TestBlobs blobs, string name, string[] labels) => await Get<ModelAddition>().AddAsync(
        new NewModel { Name = name, Source = $"{blobs.Root.Combine("model.pth")}", Labels = labels }, new MemoryStream(_checkpoint), cancellation: Cancellation);

    internal async Task<Guid> SubmitAsync(TestBlobs blobs, Func<ClassifyArguments, ClassifyArguments>? change = null)
    {
        var arguments = new ClassifyArguments
        {
            Input = blobs.Root.Combine("in").ToString(),
            Output = blobs.Root.Combine("out").ToString(),
            Checkpoint = blobs.Root.Combine("model.pth").ToString(),
            Format = "jsonl",
            UnitSize = 3,
            BatchSize = 4,
            TopK = 2,
        };
        var request = JobRequest.For(change?.Invoke(arguments) ?? arguments);
        await Jobs.EnqueueAsync(request, Cancellation);
        return request.Id;
    }

    public async Task<Lease> ClaimAsync(Guid job) => await Leases.ClaimAsync(job, "worker", "cpu", Cancellation) ?? throw new InvalidOperationException("nothing to claim");

    /// <summary>An attempt as a worker's child process makes it.</summary>
    internal async Task<AttemptContext> AttemptAsync(Lease lease, AttemptStop stop)
    {
        var job = (await Jobs.FindAsync(lease.JobId, Cancellation))!;
        return new(new AttemptStart(lease, job.Arguments, "cpu", 2), stop, Get<JobKinds>(), Get<ProgressStore>(), Get<MetricStore>(), NullLogger.Instance);
    }

    /// <summary>Runs one attempt from its claim to its end.</summary>
    public async Task<Outcome> RunAsync(Guid job) => await RunAsync(await ClaimAsync(job));

    /// <summary>Runs the attempt of a lease to its end.</summary>
    public async Task<Outcome> RunAsync(Lease lease, AttemptStop? stop = null, IServiceProvider? services = null)
    {
        stop ??= new AttemptStop();
        var handler = (services ?? _services).GetRequiredKeyedService<IJobHandler>(ClassifyArguments.Kind);
        var outcome = await AttemptRunner.RunAsync(handler, await AttemptAsync(lease, stop), stop);
        if (outcome is not Outcome.Lost) await Leases.EndAsync(lease, outcome, Cancellation);
        return outcome;
    }

    /// <summary>Runs one attempt, which must finish the job.</summary>
    public async Task<ClassifyResult> SucceedAsync(Guid job) => Succeeded(await RunAsync(job));

    public static ClassifyResult Succeeded(Outcome outcome)
    {
        if (outcome is Outcome.Failed failed) Assert.Fail(failed.Error);
        return Ended.As<Outcome.Succeeded>(outcome).Result.Deserialize<ClassifyResult>(JobJson.Options)!;
    }

    /// <summary>Makes the lease one that its worker has not renewed in time.</summary>
    public async Task LetExpireAsync(Lease lease)
    {
        await using var command = Database.CreateCommand("UPDATE hrnet.attempts SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE token = $1");
        command.Parameters.AddWithValue(lease.Token);
        await command.ExecuteNonQueryAsync(Cancellation);
        await Leases.ExpireAsync(Cancellation);
    }

    internal async Task<Manifest> ManifestAsync(TestBlobs blobs) =>
        JsonSerializer.Deserialize<Manifest>((await Store.ReadAsync(blobs.Root.Combine("out/manifest.json"), cancellation: Cancellation)).Bytes, JobJson.Options)!;

    /// <summary>The rows of every part that the manifest lists, by blob; fails where a blob has two, and where the parts are not as listed.</summary>
    internal async Task<Dictionary<string, JsonElement>> RowsAsync(TestBlobs blobs)
    {
        var manifest = await ManifestAsync(blobs);
        var rows = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (Part part in manifest.Parts)
        {
            var bytes = (await Store.ReadAsync(blobs.Root.Combine($"out/{part.Name}"), cancellation: Cancellation)).Bytes;
            var lines = System.Text.Encoding.UTF8.GetString(bytes).TrimEnd('\n').Split('\n');
            Assert.Equal((part.Bytes, part.RowCount), (bytes.Length, lines.Length));
            Assert.Equal(part.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
            foreach (var row in lines.Select(line => JsonDocument.Parse(line).RootElement)) rows.Add(row.GetProperty("name").GetString()!, row);
        }

        Assert.Equal(manifest.BlobCount, rows.Count);
        Assert.Equal(manifest.FailedCount, rows.Values.Count(row => row.GetProperty("error").ValueKind == JsonValueKind.String));
        Assert.Equal(manifest.Parts.Select(part => $"out/{part.Name}").Order(StringComparer.Ordinal), await blobs.NamesAsync("out/parts"));
        return rows;
    }

    internal static byte[] SmallCheckpoint(float? weight = null)
    {
        LibTorch.Load();
        TorchSharp.torch.set_num_threads(1);
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3, seed: 1);
        if (weight is { } value)
        {
            using var _ = TorchSharp.torch.no_grad();
            foreach (var parameter in network.parameters()) parameter.fill_(value);
        }
        var stream = new MemoryStream();
        CheckpointWriter.Write(stream, new TrainingCheckpoint
        {
            Epoch = 0,
            Perf = 0,
            StateDict = network.state_dict(),
            Card = new ModelCard("w18_small_v1", 64, ["cat", "dog", "fish"]),
        }.ToValue());
        return stream.ToArray();
    }
}
