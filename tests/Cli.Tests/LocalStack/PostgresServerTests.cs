using System.Diagnostics;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Cli.Tests.LocalStack;

public sealed class PostgresServerTests
{
    [Fact]
    public async Task Start_KeepsPortAndData_WhenTheServerWasKilled()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using PostgresServer server = await PostgresServer.StartAsync(
            new PostgresOptions { Folder = folder.Path }, null, cancellationToken);
        string database = await server.CreateDatabaseAsync("kept", cancellationToken);

        using (Process postmaster = Process.GetProcessById(server.ProcessId)) postmaster.Kill();
        await Eventually.TrueAsync(() => !server.IsAlive, "the postmaster is gone");
        await server.RestartAsync(cancellationToken);

        await using NpgsqlDataSource source = NpgsqlDataSource.Create(database);
        await using NpgsqlCommand command = source.CreateCommand("SELECT current_database()");
        Assert.Equal("kept", await command.ExecuteScalarAsync(cancellationToken));
    }

    [Fact]
    public async Task Start_IsRefused_WhenAnotherRunsTheFolder()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using PostgresServer server = await PostgresServer.StartAsync(
            new PostgresOptions { Folder = folder.Path }, null, cancellationToken);

        var refused = await Assert.ThrowsAsync<LocalStackException>(
            () => PostgresServer.StartAsync(new PostgresOptions { Folder = folder.Path }, null, cancellationToken));

        Assert.Contains(folder.Path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SaysWhatToGive_WhenTheBinaryFolderIsWrong()
    {
        using var folder = new TemporaryFolder();

        var refused = await Assert.ThrowsAsync<LocalStackException>(() => PostgresServer.StartAsync(
            new PostgresOptions { Folder = folder.Path, BinaryFolder = folder.Path }, null, TestContext.Current.CancellationToken));

        Assert.Contains("pg_config --bindir", refused.Message, StringComparison.Ordinal);
    }
}
