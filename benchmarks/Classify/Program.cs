// A whole classify job, from its claim to its manifest: PostgreSQL and Azurite beside it, images out of blob storage, Parquet into it.
// Usage: HrNetBatch.Benchmarks.Classify FOLDER-OF-JPEGS IMAGE-COUNT WEIGHTS-FILE [THREADS]
// Writes WEIGHTS-FILE (w18_small_v1, 1,000 classes, random) where it does not exist, for the Python side to load.
using System.Diagnostics;
using System.Globalization;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.LocalStack;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

string[] files = [.. Directory.GetFiles(args[0], "*.jpg").Order(StringComparer.Ordinal)];
int imageCount = int.Parse(args[1], CultureInfo.InvariantCulture);
string weights = args[2];
int threadCount = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
const string root = "blob://bench/images/";

MallocTuning.KeepFreedMemory();
if (!File.Exists(weights))
{
    using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 1000, seed: 1);
    using FileStream file = File.Create(weights);
    CheckpointWriter.Write(file, network.state_dict());
}

string folder = Directory.CreateTempSubdirectory("hrnet-bench-").FullName; // its owner's to delete: the servers still write into it
await using AzuriteServer azurite = await AzuriteServer.StartAsync(Path.Combine(folder, "blobs"));
await using PostgresServer postgres = await PostgresServer.StartAsync(new PostgresOptions { Folder = Path.Combine(folder, "postgres") });
IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
{
    ["HrNetBatch:Ledger:ConnectionString"] = await postgres.CreateDatabaseAsync("bench"),
    ["HrNetBatch:Blobs:Accounts:bench:ConnectionString"] = azurite.ConnectionString,
}).Build();
await using ServiceProvider services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration).BuildServiceProvider();
await services.GetRequiredService<LedgerMigrator>().MigrateAsync();

var blobs = services.GetRequiredService<BlobStore>();
await blobs.CreateContainerAsync(BlobPath.Parse(root));
await UploadAsync("weights.pth", weights);
for (int i = 0; i < imageCount; i++) await UploadAsync($"in/{i:D6}.jpg", files[i % files.Length]);

JobRequest request = JobRequest.For(new ClassifyArguments { Input = root + "in", Output = root + "out", Checkpoint = root + "weights.pth", UnitSize = 250 });
await services.GetRequiredService<JobStore>().EnqueueAsync(request);
Lease lease = (await services.GetRequiredService<LeaseStore>().ClaimAsync(request.Id, "bench", "cpu"))!;
using var renewing = new Timer(_ => services.GetRequiredService<LeaseStore>().RenewAsync(lease).Wait(), null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
using var stop = new AttemptStop();
var attempt = new AttemptContext(
    new AttemptStart(lease, request.Arguments, "cpu", threadCount), stop, services.GetRequiredService<JobKinds>(),
    services.GetRequiredService<ProgressStore>(), services.GetRequiredService<MetricStore>(), NullLogger.Instance);

using var self = Process.GetCurrentProcess();
TimeSpan cpu = self.TotalProcessorTime;
long start = Stopwatch.GetTimestamp();
Outcome outcome = await AttemptRunner.RunAsync(services.GetRequiredKeyedService<IJobHandler>(ClassifyArguments.Kind), attempt, stop);
TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
self.Refresh();
cpu = self.TotalProcessorTime - cpu;

Console.WriteLine(outcome is Outcome.Succeeded succeeded ? succeeded.Result.ToString() : outcome.ToString());
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"HrNetBatch, whole job, {threadCount} threads: {imageCount / elapsed.TotalSeconds:0.0} images/s, {cpu.TotalMilliseconds / imageCount:0.0} CPU-ms/image"));

async Task UploadAsync(string name, string file)
{
    await using FileStream content = File.OpenRead(file);
    await blobs.UploadAsync(BlobPath.Parse(root + name), content);
}
