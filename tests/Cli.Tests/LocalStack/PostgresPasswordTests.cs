using System.Diagnostics;
using System.Runtime.Versioning;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Cli.Tests.LocalStack;

/// <summary>Every user of the machine reaches the server's port: only the one who can read the password gets in.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PostgresPasswordTests
{
    [Fact]
    public async Task Server_LetsNobodyInWithoutItsPassword_WhichOnlyWeCanRead()
    {
        using var folder = new TemporaryFolder();
        await using PostgresServer server = await StartAsync(folder.Path);

        Assert.Equal("hrnet", await WhoAmIAsync(server.ConnectionString));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, await RefusalAsync(With(server, "guess")));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => WhoAmIAsync(With(server, null)));
        string password = folder.File("password");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(password));
        Assert.Contains((await File.ReadAllTextAsync(password, Stop)).Trim(), server.ConnectionString, StringComparison.Ordinal);
        Assert.DoesNotContain("trust", await RulesAsync(server), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clusters_HavePasswordsOfTheirOwn()
    {
        using var one = new TemporaryFolder();
        using var another = new TemporaryFolder();
        await using PostgresServer first = await StartAsync(one.Path);
        await using PostgresServer second = await StartAsync(another.Path);

        Assert.Equal(PostgresErrorCodes.InvalidPassword, await RefusalAsync(With(second, new NpgsqlConnectionStringBuilder(first.ConnectionString).Password)));
    }

    [Fact]
    public async Task ClusterOfAnEarlierVersion_WhichTrustedTheMachine_GetsAPasswordAndKeepsItsData()
    {
        using var folder = new TemporaryFolder();
        string password;
        await using (PostgresServer server = await StartAsync(folder.Path))
        {
            await server.CreateDatabaseAsync("kept", Stop);
            password = new NpgsqlConnectionStringBuilder(server.ConnectionString).Password!;
            await TrustAsync(server);
        }
        await GiveAwayAsync(folder.Path);
        File.Delete(folder.File("password"));

        await using PostgresServer upgraded = await StartAsync(folder.Path);

        string database = await upgraded.CreateDatabaseAsync("kept", Stop);
        Assert.Equal("hrnet", await WhoAmIAsync(database));
        Assert.NotEqual(password, new NpgsqlConnectionStringBuilder(database).Password);
        Assert.Equal(PostgresErrorCodes.InvalidPassword, await RefusalAsync(With(upgraded, password)));
        Assert.DoesNotContain("trust", await RulesAsync(upgraded), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_LiesWhereOnlyRootCanWrite_WhenItsUserCannotReachThePrivateFolder()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only for root does the server run as another user.");
        using var home = new TemporaryFolder();
        PrivateFolder.Make(home.Path);
        string folder = home.File("postgres"), outside;
        await using (PostgresServer server = await StartAsync(folder))
        {
            outside = Path.GetDirectoryName((string)(await AskAsync(server.ConnectionString, "SHOW data_directory"))!)!;
            await server.CreateDatabaseAsync("kept", Stop);
        }
        try
        {
            Assert.Equal("/var/lib/hrnet-batch", Path.GetDirectoryName(outside));
            Assert.Equal(PrivateFolder.Passable, File.GetUnixFileMode("/var/lib/hrnet-batch"));
            Assert.Equal(["data"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
            Assert.True(File.Exists(Path.Combine(folder, "password")));

            // Where earlier versions put it, all of it the database user's.
            string earlier = Path.Combine("/var/tmp/hrnet-batch", Path.GetFileName(outside));
            Directory.CreateDirectory("/var/tmp/hrnet-batch");
            await RunAsync("mv", outside, earlier);
            await GiveAwayAsync(earlier);
            File.Delete(Path.Combine(folder, "password"));
            await using PostgresServer upgraded = await StartAsync(folder);
            Assert.Equal(Path.Combine(earlier, "data"), await AskAsync(upgraded.ConnectionString, "SHOW data_directory"));
            Assert.Equal("hrnet", await WhoAmIAsync(await upgraded.CreateDatabaseAsync("kept", Stop)));
        }
        finally
        {
            await RunAsync("rm", "-rf", outside, Path.Combine("/var/tmp/hrnet-batch", Path.GetFileName(outside)));
        }
    }

    /// <summary>What a full disk or a power cut leaves.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    public async Task APasswordFileThatHoldsNone_IsAsGoodAsNoFile(string content)
    {
        using var folder = new TemporaryFolder();
        await using (PostgresServer server = await StartAsync(folder.Path)) await server.CreateDatabaseAsync("kept", Stop);
        await File.WriteAllTextAsync(folder.File("password"), content, Stop);

        await using PostgresServer again = await StartAsync(folder.Path);

        Assert.Equal("hrnet", await WhoAmIAsync(await again.CreateDatabaseAsync("kept", Stop)));
    }

    [Fact]
    public async Task Start_SaysWhatToDo_WhenThePasswordFileHoldsAnother()
    {
        using var folder = new TemporaryFolder();
        await using (await StartAsync(folder.Path))
        {
        }
        await File.WriteAllTextAsync(folder.File("password"), "another", Stop);

        var refused = await Assert.ThrowsAsync<LocalStackException>(() => StartAsync(folder.Path));

        Assert.Contains("Delete that file and start again", refused.Message, StringComparison.Ordinal);
        File.Delete(folder.File("password"));
        await using PostgresServer again = await StartAsync(folder.Path);
        Assert.Equal("hrnet", await WhoAmIAsync(again.ConnectionString));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static Task<PostgresServer> StartAsync(string folder) =>
        PostgresServer.StartAsync(new PostgresOptions { Folder = folder, Durable = false }, null, Stop);

    private static string With(PostgresServer server, string? password) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = password, Pooling = false }.ConnectionString;

    private static async Task<string?> RefusalAsync(string connectionString) =>
        (await Assert.ThrowsAsync<PostgresException>(() => WhoAmIAsync(connectionString))).SqlState;

    private static async Task<object?> WhoAmIAsync(string connectionString) => await AskAsync(connectionString, "SELECT current_user");

    private static async Task<string> RulesAsync(PostgresServer server) =>
        (string)(await AskAsync(server.ConnectionString, "SELECT string_agg(auth_method, ' ') FROM pg_hba_file_rules"))!;

    private static async Task<object?> AskAsync(string connectionString, string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        object? answer = await command.ExecuteScalarAsync(Stop);
        return answer;
    }

    private static async Task TrustAsync(PostgresServer server)
    {
        string file = (string)(await AskAsync(server.ConnectionString, "SHOW hba_file"))!;
        await File.WriteAllTextAsync(file, "host all all 127.0.0.1/32 trust\n", Stop);
    }

    /// <summary>As earlier versions did for root: the whole folder was the database user's.</summary>
    private static async Task GiveAwayAsync(string folder)
    {
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "-R", "nobody", folder);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Stop);
        Assert.Equal(0, process.ExitCode);
    }
}
