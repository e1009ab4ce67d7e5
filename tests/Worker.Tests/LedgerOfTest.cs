using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace HrNetBatch.Worker.Tests;

/// <summary>An empty ledger of one test, seen as the command line sees it.</summary>
internal sealed class LedgerOfTest : IAsyncDisposable
{
    // Generous: these tests start processes, and test projects share a few cores. Nothing waits longer than it has to.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly ServiceProvider _services;
    private readonly TestDatabase? _database;

    private LedgerOfTest(string connectionString, TestDatabase? database)
    {
        ConnectionString = connectionString;
        _database = database;
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["HrNetBatch:Ledger:ConnectionString"] = connectionString })
            .Build();
        _services = new ServiceCollection().AddLogging()
            .AddHrNetJobs(configuration, new JobKinds(JobKind.Of<BehaveArguments>()))
            .BuildServiceProvider();
    }

    public string ConnectionString { get; }

    public JobStore Jobs => _services.GetRequiredService<JobStore>();

    public MetricStore Metrics => _services.GetRequiredService<MetricStore>();

    public ScheduleStore Schedules => _services.GetRequiredService<ScheduleStore>();

    public static async Task<LedgerOfTest> CreateAsync(PostgresFixture postgres)
    {
        TestDatabase database = await postgres.CreateDatabaseAsync();
        return await CreateAsync(database.ConnectionString, database);
    }

    /// <summary>The ledger again, on fresh connections.</summary>
    public static LedgerOfTest Reopen(string connectionString) => new(connectionString, null);

    public static async Task<LedgerOfTest> CreateAsync(string connectionString, TestDatabase? database = null)
    {
        var ledger = new LedgerOfTest(connectionString, database);
        await ledger._services.GetRequiredService<LedgerMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
        return ledger;
    }

    /// <summary>Submits a job that behaves so up to that attempt.</summary>
    public async Task<Guid> EnqueueAsync(Behaviour behaviour, int untilAttempt = int.MaxValue)
    {
        JobRequest request = Request(behaviour, untilAttempt);
        await Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);
        return request.Id;
    }

    public static JobRequest Request(Behaviour behaviour, int untilAttempt = int.MaxValue) =>
        JobRequest.For(new BehaveArguments { Do = behaviour, UntilAttempt = untilAttempt });

    public async Task<Job> FindAsync(Guid job) => (await Jobs.FindAsync(job, TestContext.Current.CancellationToken))!;

    public Task<IReadOnlyList<Attempt>> AttemptsAsync(Guid job) => Jobs.ListAttemptsAsync(job, TestContext.Current.CancellationToken);

    /// <summary>Waits until the job is in the state, and returns it.</summary>
    public Task<Job> UntilAsync(Guid job, JobState state) =>
        Eventually.GetAsync(async () => await FindAsync(job) is { } found && found.State == state ? found : null, $"job {job} is {state}", Deadline);

    /// <summary>Waits until an attempt works, in another process than the given one, and returns the id of its process.</summary>
    public async Task<int> ProcessAsync(Guid job, int otherThan = 0)
    {
        Job working = await Eventually.GetAsync(
            async () => await FindAsync(job) is { Activity: ['p', 'i', 'd', ' ', ..] } found && PidOf(found) != otherThan ? found : null,
            $"an attempt of job {job} works", Deadline);
        return PidOf(working);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    private static int PidOf(Job job) => int.Parse(job.Activity![4..], System.Globalization.CultureInfo.InvariantCulture);
}
