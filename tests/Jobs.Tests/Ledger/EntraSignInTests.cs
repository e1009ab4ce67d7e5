using Azure.Core;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

/// <summary>A real PostgreSQL checks the tokens: they are the password of a role, which changes as tokens do.</summary>
public sealed class EntraSignInTests(PostgresFixture postgres)
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connections_OutliveTheirToken_AndNewOnesBringTheNextOne()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole role = await PasswordRole.CreateAsync(postgres, database, "token-1");
        var tokens = new StubTokens(_time);
        await using ServiceProvider services = Services(role.ConnectionString, tokens);
        await services.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled); // DbUp signs in as well

        var source = services.GetRequiredService<NpgsqlDataSource>();
        await using NpgsqlConnection old = await source.OpenConnectionAsync(Cancelled);
        await role.SetPasswordAsync("token-2");
        tokens.Token = "token-2";
        _time.Advance(TimeSpan.FromMinutes(56));
        source.Clear(); // no idle connection answers for a new one
        await using NpgsqlConnection fresh = await source.OpenConnectionAsync(Cancelled);

        Assert.Equal([role.Name, role.Name], [await UserAsync(old), await UserAsync(fresh)]);
        Assert.Equal(2, tokens.AskedCount);
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" });
        await services.GetRequiredService<JobStore>().EnqueueAsync(request, Cancelled);
        Assert.NotNull(await services.GetRequiredService<JobStore>().FindAsync(request.Id, Cancelled));
    }

    [Fact]
    public async Task WrongToken_IsRefusedByPostgres_AndWhatToDoIsSaid()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole role = await PasswordRole.CreateAsync(postgres, database, "another");
        await using ServiceProvider services = Services(role.ConnectionString, new StubTokens(_time));

        PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => services.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled));

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        Assert.Contains("pgaadauth_create_principal", LedgerTrouble.Describe(refused), StringComparison.Ordinal);
        Assert.Equal(FailureKind.Transient, FailureClassification.KindOf(refused));
    }

    [Fact]
    public async Task MissingToken_IsTold_AndAnAttemptIsTriedAgain()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole role = await PasswordRole.CreateAsync(postgres, database, "token-1");
        await using ServiceProvider services = Services(role.ConnectionString, new StubTokens(_time) { Trouble = "No identity answers.\nat Some.Method()" });
        NpgsqlException error = await Assert.ThrowsAnyAsync<NpgsqlException>(() => services.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled));

        string said = LedgerTrouble.Describe(error);
        Assert.Contains("No identity answers. In Azure, give it a managed identity", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Some.Method", said, StringComparison.Ordinal);
        Assert.Equal(FailureKind.Transient, FailureClassification.KindOf(error));
    }

    /// <summary>Worker and dashboard have identities of their own, and one role owns what both need.</summary>
    [Fact]
    public async Task SeveralIdentities_ShareTheLedger_ThroughTheRoleThatOwnsIt()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole worker = await PasswordRole.CreateAsync(postgres, database, "token-1");
        PasswordRole dashboard = await PasswordRole.CreateAsync(postgres, database, "token-1");
        string owner = $"owner_{Guid.CreateVersion7():n}";
        await worker.ExecuteAsync($"CREATE ROLE {owner} NOLOGIN; GRANT {owner} TO {worker.Name}, {dashboard.Name}; GRANT CREATE ON DATABASE {new NpgsqlConnectionStringBuilder(database.ConnectionString).Database} TO {owner}");
        await using ServiceProvider first = Services($"{worker.ConnectionString};Options=-c role={owner}", new StubTokens(_time));
        await using ServiceProvider second = Services($"{dashboard.ConnectionString};Options=-c role={owner}", new StubTokens(_time));

        await first.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled);
        await second.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled);
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" });
        await first.GetRequiredService<JobStore>().EnqueueAsync(request, Cancelled);

        Assert.NotNull(await second.GetRequiredService<JobStore>().FindAsync(request.Id, Cancelled));
        Assert.Equal(owner, await second.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT tableowner::text FROM pg_tables WHERE schemaname = 'hrnet' AND tablename = 'jobs'").ExecuteScalarAsync(Cancelled));
    }

    [Theory]
    [InlineData("Host=x.postgres.database.azure.com;Username=worker", "SSL Mode=VerifyFull")]
    [InlineData("Host=127.0.0.1", "Username")]
    [InlineData("Host=127.0.0.1;Username=worker;Password=secret", "take one of them out")]
    [InlineData("Host=127.0.0.1;Username", "cannot be read")]
    public void Options_NameWhatDoesNotGoTogetherWithTokens(string connectionString, string expected)
    {
        using ServiceProvider services = Services(connectionString, new StubTokens(_time));
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<LedgerOptions>>().Value);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Username=worker")]
    [InlineData("Host=x.postgres.database.azure.com;Username=worker;SSL Mode=VerifyFull")]
    public void Options_AreGood_WhereATokenTravelsSafely(string connectionString)
    {
        using ServiceProvider services = Services(connectionString, new StubTokens(_time));
        Assert.Equal(LedgerAuthentication.Entra, services.GetRequiredService<IOptions<LedgerOptions>>().Value.Authentication);
    }

    private ServiceProvider Services(string connectionString, TokenCredential tokens)
    {
        var settings = new Dictionary<string, string?> { ["HrNetBatch:Ledger:ConnectionString"] = connectionString, ["HrNetBatch:Ledger:Authentication"] = "Entra" };
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddSingleton(tokens).AddSingleton<TimeProvider>(_time)
            .AddLedger(LedgerDatabase.Kinds)
            .BuildServiceProvider();
    }

    private static async Task<object?> UserAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT session_user::text", connection);
        return await command.ExecuteScalarAsync(Cancelled);
    }
}
