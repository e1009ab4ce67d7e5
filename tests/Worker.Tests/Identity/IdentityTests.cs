using HrNetBatch.Jobs.Contracts;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;

namespace HrNetBatch.Worker.Tests.Identity;

/// <summary>A worker without any secret: ledger, migrations, Hangfire and attempts are opened by the tokens of its identity.</summary>
public sealed class IdentityTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Worker_RunsAJob_WithNothingButTheTokensOfItsIdentity()
    {
        const string token = "eyJ0eXAiOiJKV1QifQ.a-token.of-the-right-identity";
        TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole role = await PasswordRole.CreateAsync(postgres, database, token);
        await using ManagedIdentity identity = await ManagedIdentity.StartAsync(token);
        using ProgramProcess worker = WorkerProcess.StartIn(identity.Environment, role.ConnectionString, "Ledger:Authentication=Entra");
        await Eventually.TrueAsync(() => worker.Log.Contains("Application started", StringComparison.Ordinal), "the worker has made its tables", TimeSpan.FromSeconds(60));
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(database.ConnectionString, database); // as the server's owner, who may all

        await ledger.UntilAsync(await ledger.EnqueueAsync(Behaviour.Succeed), JobState.Succeeded);

        Assert.Equal("https://ossrdbms-aad.database.windows.net", identity.Resource);
        Assert.DoesNotContain(token, worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_SaysWhatToDo_WhenItsIdentityIsNotKnownToPostgres()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole role = await PasswordRole.CreateAsync(postgres, database, "another");
        await using ManagedIdentity identity = await ManagedIdentity.StartAsync("a-token");
        using ProgramProcess worker = WorkerProcess.StartIn(identity.Environment, role.ConnectionString, "Ledger:Authentication=Entra");

        Assert.Equal(1, await worker.ExitAsync());
        Assert.Contains("refuses the sign-in", worker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", worker.Log, StringComparison.Ordinal);
    }
}
