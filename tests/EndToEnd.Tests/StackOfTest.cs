using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace HrNetBatch.EndToEnd.Tests;

/// <summary>An empty ledger and an empty container, two workers on them, and the view of a client.</summary>
internal sealed class StackOfTest : IAsyncDisposable
{
    // Two busy cores are shared with whatever else runs; nothing waits longer than it has to.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private readonly TestDatabase _database;
    private readonly ServiceProvider _services;
    private readonly string[] _settings;
    private readonly Dictionary<int, ProgramProcess> _workers = [];
    private readonly List<ProgramProcess> _killed = [];

    private StackOfTest(TestDatabase database, string storage, string container)
    {
        _database = database;
        Root = BlobPath.Parse($"blob://test/{container}");
        _settings = [$"Ledger:ConnectionString={database.ConnectionString}", $"Blobs:Accounts:test:ConnectionString={storage}", $"Models:Root={Root.Combine("models")}"];
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(_settings.Select(setting => setting.Split('=', 2)).Select(pair => KeyValuePair.Create($"HrNetBatch:{pair[0]}", (string?)pair[1])))
            .Build();
        _services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration).BuildServiceProvider();
    }

    /// <summary>The container.</summary>
    public BlobPath Root { get; }

    public BlobStore Blobs => Get<BlobStore>();

    public static async Task<StackOfTest> StartAsync(PostgresFixture postgres, AzuriteFixture azurite)
    {
        TestDatabase database = await postgres.CreateDatabaseAsync();
        var container = await azurite.CreateContainerAsync();
        var stack = new StackOfTest(database, await azurite.ConnectionStringAsync(), container.Name);
        await stack.Get<LedgerMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
        return stack;
    }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public Task UploadAsync(string name, byte[] content) =>
        Blobs.UploadAsync(Root.Combine(name), new MemoryStream(content), cancellation: TestContext.Current.CancellationToken);

    /// <summary>The names of the blobs in a folder, in order.</summary>
    public async Task<string[]> NamesAsync(string folder)
    {
        var names = new List<string>();
        await foreach (BlobEntry blob in Blobs.ListAsync(Root.Combine(folder), TestContext.Current.CancellationToken))
            names.Add(blob.Path.Name);
        return [.. names];
    }

    public async Task<Guid> EnqueueAsync<TArguments>(TArguments arguments) where TArguments : IJobArguments
    {
        JobRequest request = JobRequest.For(arguments);
        await Get<JobStore>().EnqueueAsync(request, TestContext.Current.CancellationToken);
        return request.Id;
    }

    /// <summary>Starts one more worker, with further settings as <c>Section:Key=value</c>.</summary>
    /// <returns>Its process.</returns>
    public int StartWorker(params string[] settings)
    {
        ProgramProcess worker = ProgramProcess.Start("HrNetBatch.Worker.dll",
        [
            .. _settings,
            "Ledger:LeaseDuration=00:00:04", "Ledger:LeaseRenewal=00:00:01", "Retry:FirstDelay=00:00:00.5",
            "Worker:Device=cpu", "Worker:Waking:Interval=00:00:00.2", "Worker:Waking:Patience=00:00:05", .. settings,
        ]);
        _workers.Add(worker.Id, worker);
        return worker.Id;
    }

    /// <summary>Waits for the point, then kills a worker that is at work on the job and starts another in its place.</summary>
    public async Task KillAsync(Guid job, Func<Task<bool>> point, string expectation, Random random)
    {
        await Eventually.TrueAsync(point, expectation, Deadline);
        int[] atWork = [];
        await Eventually.TrueAsync(async () => (atWork = await WorkersAsync(job)).Length > 0, $"a worker is at work on job {job}", Deadline);
        int victim = atWork[random.Next(atWork.Length)];
        Assert.True(_workers.Remove(victim, out ProgramProcess? worker));
        worker.Kill();
        _killed.Add(worker);
        TestContext.Current.TestOutputHelper?.WriteLine($"killed worker {victim} when {expectation}");
        StartWorker();
    }

    /// <summary>Waits until the job has succeeded, and fails at once when it ends otherwise.</summary>
    public async Task<Job> SucceededAsync(Guid job)
    {
        Job ended = await Eventually.GetAsync(async () => await FindAsync(job) is { State: JobState.Succeeded or JobState.Failed or JobState.Cancelled } found ? found : null,
            $"job {job} ends", Deadline);
        Assert.True(ended.State == JobState.Succeeded, $"Job {job} is {ended.State}: {ended.Error}");
        return ended;
    }

    /// <summary>The rows of all parts that the manifest lists, by blob; the parts are as listed, and no others are there.</summary>
    public async Task<Dictionary<string, JsonElement>> RowsAsync(int rowCount)
    {
        BlobPath output = Root.Combine("output/");
        Manifest manifest = JsonSerializer.Deserialize<Manifest>(await ReadAsync(output.Combine("manifest.json")), JobJson.Options)!;
        var rows = new Dictionary<string, JsonElement>();
        foreach (var part in manifest.Parts)
        {
            byte[] content = await ReadAsync(output.Combine(part.Name));
            Assert.Equal(part.Sha256, Convert.ToHexStringLower(SHA256.HashData(content)));
            string[] lines = Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(part.RowCount, lines.Length);
            foreach (string line in lines)
            {
                using JsonDocument row = JsonDocument.Parse(line);
                string name = row.RootElement.GetProperty("name").GetString()!;
                Assert.True(rows.TryAdd(name, row.RootElement.Clone()), $"{name} has two rows.");
            }
        }
        Assert.Equal(rowCount, rows.Count);
        Assert.Equal(
            manifest.Parts.Select(part => $"output/{part.Name}").Order(StringComparer.Ordinal),
            await NamesAsync("output/parts/")); // no orphan of a killed attempt is left
        return rows;

        async Task<byte[]> ReadAsync(BlobPath path) => (await Blobs.ReadAsync(path, cancellation: TestContext.Current.CancellationToken)).Bytes;
    }

    /// <summary>How many attempts ended because their worker fell silent.</summary>
    public async Task<int> LostCountAsync(Guid job) =>
        (await Get<JobStore>().ListAttemptsAsync(job, TestContext.Current.CancellationToken)).Count(attempt => attempt.Outcome == "Lost");

    public async Task<Job> FindAsync(Guid job) => (await Get<JobStore>().FindAsync(job, TestContext.Current.CancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        foreach (ProgramProcess worker in _workers.Values.Concat(_killed))
            worker.Dispose();
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>The processes of the workers with a live attempt; a worker's name is its machine and process.</summary>
    private async Task<int[]> WorkersAsync(Guid job) =>
        [.. (await Get<JobStore>().ListAttemptsAsync(job, TestContext.Current.CancellationToken))
            .Where(attempt => attempt.EndedAt is null)
            .Select(attempt => int.Parse(attempt.Worker.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture))
            .Where(_workers.ContainsKey)];
}
