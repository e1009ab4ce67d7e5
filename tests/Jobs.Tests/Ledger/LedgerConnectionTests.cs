using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class LedgerConnectionTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public async Task Connections_AreNotToCompileStatements_NorToStandStillInATransaction()
    {
        LedgerOptions options = new() { ConnectionString = $"{ledger.Options.ConnectionString};Options=-c lock_timeout=7s", LeaseDuration = TimeSpan.FromSeconds(20) };
        await using NpgsqlDataSource source = LedgerConnection.Open(options, null!);
        await using NpgsqlDataSource hangfire = LedgerConnection.OpenForHangfire("test", options, null!);

        Assert.Equal("off", await ShowAsync(source, "jit"));
        Assert.Equal("off", await ShowAsync(hangfire, "jit"));
        Assert.Equal("10s", await ShowAsync(source, "idle_in_transaction_session_timeout"));
        Assert.Equal("7s", await ShowAsync(source, "lock_timeout")); // what the user asked for stays
    }

    private static async Task<object?> ShowAsync(NpgsqlDataSource source, string setting)
    {
        await using NpgsqlCommand command = source.CreateCommand($"SHOW {setting}");
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
