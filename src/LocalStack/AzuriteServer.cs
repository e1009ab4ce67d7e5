using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace HrNetBatch.LocalStack;

/// <summary>Blob storage in one folder, on the loopback interface only.</summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    // The name that Azurite's own account has, so that data of earlier versions stay; its published key opens nothing here.
    private const string Account = "devstoreaccount1";
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(1);
    private readonly string _folder;
    private readonly string _program;
    private readonly FolderLock _lock;
    private ChildProcess? _process;

    private AzuriteServer(string folder, string program, FolderLock folderLock)
    {
        (_folder, _program, _lock) = (folder, program, folderLock);
        ConnectionString = "";
    }

    /// <summary>Connects to the account with every right.</summary>
    public string ConnectionString { get; private set; }

    /// <summary>The process id.</summary>
    public int ProcessId => _process?.Id ?? 0;

    /// <summary>The server's log.</summary>
    public string LogFile => Path.Combine(_folder, "azurite.log");

    /// <summary>Completes with the exit code when the server has ended.</summary>
    public Task<int> Exited => _process!.Exited;

    private string PidFile => Path.Combine(_folder, "azurite.pid");

    private string DataFolder => Path.Combine(_folder, "data");

    /// <summary>Starts Azurite on a folder, installing it from npm where it is missing.</summary>
    /// <exception cref="LocalStackException">It cannot start, or another process runs it; the message says what to do.</exception>
    public static async Task<AzuriteServer> StartAsync(
        string folder, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        folder = Path.GetFullPath(folder);
        PrivateFolder.Make(folder);
        string modules = await NpmPackages.Azurite.InstallAsync(progress, cancellationToken);
        FolderLock folderLock = FolderLock.TryTake(Path.Combine(folder, "lock"))
            ?? throw new LocalStackException($"Azurite in {folder} is in use by another process; stop that first.");
        string program = Path.Combine(modules, "azurite", "dist", "src", "blob", "main.js");
        var server = new AzuriteServer(folder, program, folderLock);
        try
        {
            await server.StartAsync(progress, cancellationToken);
            return server;
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Starts the server again after it died, on the same port where that is still free.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => StartAsync(null, cancellationToken);

    /// <summary>
    /// Stops the server and waits for its end however long that takes: killed, it would lose writes that it acknowledged.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.StopAsync(grace: null);
            await _process.DisposeAsync();
        }
        File.Delete(PidFile);
        _lock.Dispose();
    }

    private async Task StartAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        await StopLeftoverAsync(progress, cancellationToken);
        const int Attempts = 3;
        for (int attempt = 1; ; attempt++)
        {
            int port = LoopbackPort.Keep(Path.Combine(_folder, "port"));
            string key = RandomKey.Keep(Path.Combine(_folder, "key"));
            File.Delete(LogFile);
            _process = ChildProcess.Start(
                [
                    "node", _program, "--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--location", DataFolder,
                    "--silent", "--disableTelemetry",
                ],
                LogFile, new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = $"{Account}:{key}" });

            // A crash before this line leaves a server that only its death watch stops.
            PrivateFile.Write(PidFile, Encoding.ASCII.GetBytes(_process.Id.ToString(CultureInfo.InvariantCulture)));
            if (await AnswersAsync(port, cancellationToken))
            {
                ConnectionString =
                    $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={key};"
                    + $"BlobEndpoint=http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/{Account};";
                return;
            }
            await _process.DisposeAsync();
            if (attempt == Attempts)
            {
                throw new LocalStackException(
                    $"Azurite did not start in {_folder}. The end of {LogFile}:\n{ChildProcess.LastLines(LogFile)}");
            }
        }
    }

    /// <summary>Waits until the server of this process takes connections; false when the process ended instead.</summary>
    private async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!Exited.IsCompleted && TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
        {
            // Azurite says so on its standard output once it listens: another program on the port would answer just as well.
            if (File.Exists(LogFile) && ChildProcess.LastLines(LogFile).Contains("successfully listens on", StringComparison.Ordinal)
                && await ConnectsAsync(port, cancellationToken))
                return true;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
        return false;
    }

    private static async Task<bool> ConnectsAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Ends the server of a process that died without stopping it: two on one folder would spoil it.</summary>
    private async Task StopLeftoverAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (!File.Exists(PidFile) || !int.TryParse(await File.ReadAllTextAsync(PidFile, cancellationToken), out int processId)) return;
        await ChildProcess.EndLeftoverAsync("Azurite", processId, DataFolder, StopLimit, losesWhenKilled: true, progress, TimeProvider.System, cancellationToken);
    }
}
