using System.Diagnostics;
using System.Globalization;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Validate;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

// Times from sending a job message to the job running, on a stack that runs: see README.md.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string stack = args[0];
int count = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 100;
int burst = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 2000;

IConfiguration file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(Path.Combine(stack, "stack.json"))).Build();
IConfiguration configuration = new ConfigurationBuilder()
    .AddInMemoryCollection(file.GetSection("configuration").AsEnumerable(makePathsRelative: true).Where(setting => setting.Value is not null))
    .Build();
await using ServiceProvider services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration).BuildServiceProvider();
var jobs = services.GetRequiredService<JobStore>();
var client = services.GetRequiredService<MessageBus>();
await client.CheckAsync("hrnet-jobs");

List<double> confirmed = [], stored = [], running = [];
for (int number = -3; number < count; number++) // three to warm up
{
    JobRequest request = Request();
    DateTimeOffset sentAt = TimeProvider.System.GetUtcNow();
    await client.SendAsync("hrnet-jobs", [JobMessage.Of(request)]);
    double confirmedAfter = Milliseconds(TimeProvider.System.GetUtcNow() - sentAt);
    Job job = await EndedAsync(request.Id);
    if (number < 0) continue;
    confirmed.Add(confirmedAfter);
    stored.Add(Milliseconds(job.CreatedAt - sentAt));
    running.Add(Milliseconds(job.StartedAt!.Value - sentAt));
}
Console.WriteLine("| ms from sending, one at a time | p50 | p99 | most |");
Console.WriteLine("|---|---|---|---|");
Print("confirmed by the broker", confirmed);
Print("in the ledger", stored);
Print("running", running);

// For a day that nobody waits for: they are only stored.
JobRequest[] requests = [.. Enumerable.Range(0, burst).Select(_ => Request() with { NotBefore = TimeProvider.System.GetUtcNow().AddDays(1) })];
long start = Stopwatch.GetTimestamp();
await client.SendAsync("hrnet-jobs", [.. requests.Select(JobMessage.Of)]);
TimeSpan sent = Stopwatch.GetElapsedTime(start);
while (await jobs.FindAsync(requests[^1].Id) is null || !(await client.PeekAsync("hrnet-jobs", 0, 1)).IsEmpty)
    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
Console.WriteLine($"{burst} at once: sent in {sent.TotalSeconds:0.00} s, all in the ledger after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} s");
foreach (JobRequest request in requests) await jobs.CancelAsync(request.Id);

// The job fails at once, for lack of the checkpoint; what is measured is over by then.
static JobRequest Request() => JobRequest.For(new ValidateArguments { Checkpoint = "blob://local/missing/weights.pth", Data = "blob://local/missing/" });

async Task<Job> EndedAsync(Guid id)
{
    while (true)
    {
        if (await jobs.FindAsync(id) is { EndedAt: not null } job) return job;
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
    }
}

static double Milliseconds(TimeSpan time) => time.TotalMilliseconds;

static void Print(string name, List<double> values)
{
    double[] sorted = [.. values.Order()];
    Console.WriteLine($"| {name} | {sorted[sorted.Length / 2]:0} | {sorted[(int)((sorted.Length - 1) * 0.99)]:0} | {sorted[^1]:0} |");
}
