using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

/// <summary>A migrated database of a test class's own, copied from a template that is migrated once, and the stores over it.</summary>
public sealed class LedgerDatabase(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static string? _template;

    public static JobKinds Kinds { get; } = new(JobKind.Of<ProbeArguments>());

    // Nobody renews leases here, and the machine may be slow: they expire when a test says so.
    public LedgerOptions Options { get; } = new() { LeaseDuration = TimeSpan.FromMinutes(10) };

    public RetryOptions Retry { get; } = new();

    public NpgsqlDataSource Source { get; private set; } = null!;

    public JobStore Jobs { get; private set; } = null!;

    public LeaseStore Leases { get; private set; } = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        PostgresServer server = await postgres.ServerAsync();
        string name = $"ledger_{Guid.CreateVersion7():n}";
        await using (NpgsqlDataSource main = NpgsqlDataSource.Create(server.ConnectionString))
        await using (NpgsqlCommand copy = main.CreateCommand($"CREATE DATABASE {name} TEMPLATE {await TemplateAsync(server)}"))
            await copy.ExecuteNonQueryAsync(Cancelled);

        Options.ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ConnectionString;
        Source = NpgsqlDataSource.Create(Options.ConnectionString);
        Jobs = new JobStore(Source, Kinds, Microsoft.Extensions.Options.Options.Create(Retry), new Jitter(1));
        Leases = LeasesWith(Retry);
    }

    public LeaseStore LeasesWith(RetryOptions retry) =>
        new(Source, Kinds, Microsoft.Extensions.Options.Options.Create(Options), Microsoft.Extensions.Options.Options.Create(retry), new Jitter(1));

    // The database itself goes with its server, which lives as long as this test run.
    public async ValueTask DisposeAsync()
    {
        if (Source is not null)
            await Source.DisposeAsync();
    }

    /// <summary>Submits a probe job.</summary>
    public async Task<Guid> EnqueueAsync(int laneCount = 1, params IReadOnlyList<JobRequest> then)
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x", LaneCount = laneCount }) with { Then = then };
        await Jobs.EnqueueAsync(request, Cancelled);
        return request.Id;
    }

    /// <summary>Claims a lane that must be free.</summary>
    public async Task<Lease> ClaimAsync(Guid job, string worker = "worker") =>
        await Leases.ClaimAsync(job, worker, "cpu", Cancelled) ?? throw new InvalidOperationException("nothing to claim");

    /// <summary>The job, which must exist.</summary>
    public async Task<Job> JobAsync(Guid id) => (await Jobs.FindAsync(id, Cancelled))!;

    /// <summary>Makes the lease one that its worker has not renewed in time.</summary>
    public Task LetExpireAsync(Lease lease) =>
        ExecuteAsync("UPDATE hrnet.attempts SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE token = @Token", new { lease.Token });

    /// <summary>Makes a scheduled job due.</summary>
    public Task LetBecomeDueAsync(Guid job) => ExecuteAsync("UPDATE hrnet.jobs SET run_at = clock_timestamp() WHERE id = @job", new { job });

    public async Task ExecuteAsync(string sql, object parameters)
    {
        await using NpgsqlConnection connection = await Source.OpenConnectionAsync(Cancelled);
        await connection.ExecuteAsync(sql, parameters);
    }

    private static async Task<string> TemplateAsync(PostgresServer server)
    {
        await Gate.WaitAsync(Cancelled);
        try
        {
            if (_template is null)
            {
                // PostgreSQL copies a template only while nobody is connected to it, not even from an idle pool.
                string connection = await server.CreateDatabaseAsync("ledger_template", Cancelled) + ";Pooling=false";
                await using NpgsqlDataSource source = NpgsqlDataSource.Create(connection);
                await new LedgerMigrator(source).MigrateAsync(Cancelled);
                _template = "ledger_template";
            }

            return _template;
        }
        finally
        {
            Gate.Release();
        }
    }
}
