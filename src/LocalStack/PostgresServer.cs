using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace HrNetBatch.LocalStack;

/// <summary>A private PostgreSQL server in one folder, on the loopback interface only.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const int SignalInterrupt = 2;   // PostgreSQL's fast shutdown: roll back, checkpoint, end
    private readonly string _binaries;
    private readonly PostgresUser _user;
    private readonly PostgresCluster _cluster;
    private readonly FolderLock _lock;
    private readonly bool _durable;
    private Process? _deathWatch;

    private PostgresServer(string binaries, PostgresUser user, FolderLock folderLock, bool durable)
    {
        (_binaries, _user, _lock, _durable) = (binaries, user, folderLock, durable);
        _cluster = new PostgresCluster(binaries, user, LogFile);
        ConnectionString = "";
    }

    /// <summary>Connects to the database <c>postgres</c> with every right: it holds the password, and is for us alone.</summary>
    public string ConnectionString { get; private set; }

    /// <summary>The postmaster's process id.</summary>
    public int ProcessId { get; private set; }

    /// <summary>The server's log.</summary>
    public string LogFile => Path.Combine(_user.Folder, "postgres.log");

    private string DataFolder => _user.DataFolder;

    /// <summary>
    /// Starts the server of a folder, making the cluster when the folder has none, and recovering one whose server was killed.
    /// </summary>
    /// <exception cref="LocalStackException">It cannot start, or another process runs it; the message says what to do.</exception>
    public static async Task<PostgresServer> StartAsync(
        PostgresOptions options, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        string binaries = await PostgresBinaries.FindAsync(options.BinaryFolder, progress, cancellationToken);
        PostgresUser user = PostgresUser.Prepare(Path.GetFullPath(options.Folder));
        user.CheckCanRun(binaries);
        FolderLock folderLock = FolderLock.TryTake(Path.Combine(user.Folder, "lock"))
            ?? throw new LocalStackException($"The PostgreSQL server in {user.Folder} is in use by another process; stop that first.");
        var server = new PostgresServer(binaries, user, folderLock, options.Durable);
        try
        {
            await server.StartAsync(progress, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a database where it is missing and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await using NpgsqlDataSource server = NpgsqlDataSource.Create(ConnectionString);
        await using NpgsqlCommand find = server.CreateCommand("SELECT 1 FROM pg_database WHERE datname = $1");
        find.Parameters.Add(new NpgsqlParameter { Value = name });
        if (await find.ExecuteScalarAsync(cancellationToken) is null)
        {
            await using NpgsqlCommand create = server.CreateCommand($"CREATE DATABASE \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>True while the server's process lives.</summary>
    public bool IsAlive => ChildProcess.IsAlive(ProcessId, DataFolder);

    /// <summary>Starts the server again after it died, on the same port where that is still free.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => StartAsync(null, cancellationToken);

    /// <summary>Stops the server; clients are disconnected.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopPostmasterAsync(CancellationToken.None);
        ChildProcess.EndDeathWatch(_deathWatch);   // not sooner: we may be killed while we stop
        _deathWatch = null;
        _lock.Dispose();
    }

    private async Task StartAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ChildProcess.EndDeathWatch(_deathWatch);
        _deathWatch = null;
        if (_cluster.Exists)
        {
            await CheckVersionAsync(cancellationToken);
            await StopPostmasterAsync(cancellationToken);   // one that outlived whoever started it: its death watch may fire any moment
        }
        string password = await _cluster.PrepareAsync(progress, cancellationToken);
        await LaunchAsync(password, cancellationToken);
        _deathWatch = ChildProcess.WatchOurDeath(ProcessId, SignalInterrupt);
    }

    private async Task CheckVersionAsync(CancellationToken cancellationToken)
    {
        string cluster = (await File.ReadAllTextAsync(Path.Combine(DataFolder, "PG_VERSION"), cancellationToken)).Trim();
        string log = LogFile + ".version";
        await ChildProcess.RunAsync([Path.Combine(_binaries, "postgres"), "--version"], log, cancellationToken);
        string program = await File.ReadAllTextAsync(log, cancellationToken);   // postgres (PostgreSQL) 15.18 (Debian …)
        if (!program.Contains($" {cluster}.", StringComparison.Ordinal))
        {
            throw new LocalStackException(
                $"{DataFolder} was made by PostgreSQL {cluster}, but {_binaries} holds {program.Trim()}. Use the binaries of version "
                + $"{cluster}, or start with another data folder.");
        }
    }

    private async Task LaunchAsync(string password, CancellationToken cancellationToken)
    {
        const int Attempts = 10;
        for (int attempt = 1; ; attempt++)
        {
            int port = LoopbackPort.Keep(Path.Combine(_user.Folder, "port"));
            string settings = $"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -p {port}";
            if (!_durable) settings += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off";
            string[] start =
            [
                Path.Combine(_binaries, "pg_ctl"), "-D", DataFolder, "-s", "-w", "-t", "60", "-o", settings, "start",
            ];

            // The server inherits the log that we opened: it can append to it without a right to the folder.
            int exitCode = await ChildProcess.RunAppendingAsync(_user.Run(start), LogFile, cancellationToken);
            if (exitCode == 0)
            {
                ConnectionString =
                    $"Host=127.0.0.1;Port={port};Username={PostgresCluster.Superuser};Password={password};Database=postgres;"
                    + "Include Error Detail=true;Maximum Pool Size=40";
                ProcessId = ReadPostmaster() ?? 0;
                if (await AnswersAsync(cancellationToken)) return;
            }

            // After kill -9 the backends of the dead server need a moment to notice; and a free port may be taken meanwhile.
            if (attempt == Attempts)
            {
                throw new LocalStackException(
                    $"PostgreSQL did not start in {_user.Folder}. The end of {LogFile}:\n{ChildProcess.LastLines(LogFile)}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Connects: right after a kill -9 <c>pg_ctl status</c> still says that the server runs.</summary>
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connect = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false };
            await using var connection = new NpgsqlConnection(connect.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new LocalStackException(
                $"The PostgreSQL cluster in {DataFolder} has another password than {_cluster.PasswordFile} says. Delete that file and start "
                + "again: a new password is set then.");
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private async Task StopPostmasterAsync(CancellationToken cancellationToken)
    {
        string pidFile = Path.Combine(DataFolder, "postmaster.pid");
        if (ReadPostmaster() is not { } processId)
        {
            // The file of a killed server may name a process that has nothing to do with it: PostgreSQL would refuse to start.
            if (File.Exists(pidFile)) File.Delete(pidFile);
            return;
        }
        string[] stop = [Path.Combine(_binaries, "pg_ctl"), "-D", DataFolder, "-s", "-m", "fast", "-w", "-t", "30", "stop"];
        int exitCode = await ChildProcess.RunAsync(_user.Run(stop), LogFile + ".stop", cancellationToken);
        if (exitCode != 0 && ChildProcess.IsAlive(processId, DataFolder))
            throw new LocalStackException($"PostgreSQL (process {processId}) in {_user.Folder} does not stop; see {LogFile}.");
    }

    /// <summary>The process id in postmaster.pid, when that process is a server of this folder.</summary>
    private int? ReadPostmaster()
    {
        string pidFile = Path.Combine(DataFolder, "postmaster.pid");
        if (!File.Exists(pidFile)) return null;
        bool isNumber = int.TryParse(File.ReadLines(pidFile).FirstOrDefault(), CultureInfo.InvariantCulture, out int processId);
        return isNumber && ChildProcess.IsAlive(processId, DataFolder) ? processId : null;
    }
}
