using System.Globalization;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Models;
using HrNetBatch.LocalStack;
using HrNetBatch.Model.Files;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Stack;

/// <summary>PostgreSQL, Azurite, Service Bus, worker and dashboard of one folder, kept alive until disposed.</summary>
internal sealed class RunningStack : IAsyncDisposable
{
    private const string ModelRoot = $"{ModelOptions.Section}:{nameof(ModelOptions.Root)}";

    private readonly StackOptions _options;
    private readonly FolderLock _lock;
    private readonly SortedDictionary<string, string> _configuration = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _keepers = [];
    private readonly SemaphoreSlim _processesChanged = new(0);
    private PostgresServer? _postgres;
    private AzuriteServer? _azurite;
    private HostedProgram? _broker;
    private HostedProgram? _worker;
    private HostedProgram? _dashboard;
    private string? _dashboardAddress;

    private RunningStack(StackOptions options, FolderLock folderLock) => (_options, _lock) = (options, folderLock);

    /// <summary>Where everything is.</summary>
    public StackFile File => new()
    {
        Data = _options.Folder,
        Dashboard = _dashboardAddress,
        Configuration = _configuration,
        Processes = Named(
            ("up", Environment.ProcessId), ("postgres", _postgres?.ProcessId), ("azurite", _azurite?.ProcessId),
            ("servicebus", _broker?.ProcessId), ("worker", _worker?.ProcessId), ("dashboard", _dashboard?.ProcessId)),
        Logs = Named(
            ("postgres", _postgres?.LogFile), ("azurite", _azurite?.LogFile), ("servicebus", _broker?.LogFile),
            ("worker", _worker?.LogFile), ("dashboard", _dashboard?.LogFile)),
    };

    /// <summary>Starts everything; whatever a killed predecessor left running is stopped first.</summary>
    /// <exception cref="UserException">Another process runs this folder's stack.</exception>
    /// <exception cref="LocalStackException">A part does not start.</exception>
    public static async Task<RunningStack> StartAsync(StackOptions options, IProgress<string> report, CancellationToken cancellationToken)
    {
        // For root, PostgreSQL runs as another user, who has to get through; everything in the folder is closed.
        try
        {
            PrivateFolder.Take(options.Folder, Environment.IsPrivilegedProcess ? PrivateFolder.Passable : PrivateFolder.Closed);
            PrivateFolder.Make(Path.Combine(options.Folder, "logs"));
        }
        catch (Exception error) when (FileFault.Is(error))
        {
            throw new UserException($"{options.Folder} cannot be the stack's folder: it {FileFault.OfWriting(error, options.Folder)}. Name another one with --stack DIR.", UserException.WrongRequest);
        }
        FolderLock folderLock = FolderLock.TryTake(Path.Combine(options.Folder, "lock")) ?? throw AlreadyRuns(options.Folder);
        var stack = new RunningStack(options, folderLock);
        try
        {
            await stack.StartAsync(report, cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops everything, whoever uses what first: the worker hands its attempts back while ledger and blobs still answer.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_keepers);
        try
        {
            // Each is stopped, whatever comes of the others; the first error is thrown in the end.
            Task programs = Task.WhenAll(StopAsync(_worker), StopAsync(_dashboard));
            await programs.ContinueWith(_ => { }, TaskScheduler.Default);
            await Task.WhenAll(programs, StopAsync(_azurite), StopAsync(_postgres), StopAsync(_broker));
            System.IO.File.Delete(StackFile.PathIn(_options.Folder));
        }
        finally
        {
            _lock.Dispose();
            _stop.Dispose();
        }
    }

    private async Task StartAsync(IProgress<string> report, CancellationToken cancellationToken)
    {
        await StopLeftoversAsync(report, cancellationToken);
        if (StackServices.FromEnvironment(ModelRoot) is null) _configuration[ModelRoot] = "blob://local/models";
        await Task.WhenAll(StartPostgresAsync(report, cancellationToken), StartAzuriteAsync(report, cancellationToken), StartServiceBusAsync(cancellationToken));
        await MigrateAsync(cancellationToken);
        File.Write();

        // One after the other: both bring Hangfire's tables up to date, and Hangfire does not expect company there.
        await StartWorkerAsync(cancellationToken);
        await StartDashboardAsync(cancellationToken);
        File.Write();

        report = new Unfailing(report);
        _keepers.Add(KeepFileAsync(report));
        Keep("PostgreSQL", _postgres?.LogFile, UntilPostgresDiesAsync, token => _postgres!.RestartAsync(token), report);
        Keep("Azurite", _azurite?.LogFile, token => _azurite!.Exited.WaitAsync(token), token => _azurite!.RestartAsync(token), report);
        Keep("The Service Bus", _broker?.LogFile, token => _broker!.Exited.WaitAsync(token), token => _broker!.StartAsync(token), report);
        Keep("The worker", _worker?.LogFile, token => _worker!.Exited.WaitAsync(token), token => _worker!.StartAsync(token), report);
        Keep("The dashboard", _dashboard?.LogFile, token => _dashboard!.Exited.WaitAsync(token), token => _dashboard!.StartAsync(token), report);
    }

    private async Task StartPostgresAsync(IProgress<string> report, CancellationToken cancellationToken)
    {
        const string Key = "HrNetBatch:Ledger:ConnectionString";
        if (StackServices.FromEnvironment(Key) is not null) return;   // every program reads it from there; a password is not copied
        var options = new PostgresOptions { Folder = Path.Combine(_options.Folder, "postgres"), BinaryFolder = _options.PostgresBinaries };
        _postgres = await PostgresServer.StartAsync(options, report, cancellationToken);
        string connectionString = await _postgres.CreateDatabaseAsync("hrnet", cancellationToken);
        lock (_configuration) _configuration[Key] = connectionString;
    }

    private async Task StartAzuriteAsync(IProgress<string> report, CancellationToken cancellationToken)
    {
        const string Account = "HrNetBatch:Blobs:Accounts:local:";
        if (StackServices.FromEnvironment(Account + "ConnectionString") is not null || StackServices.FromEnvironment(Account + "ServiceUri") is not null)
            return;
        _azurite = await AzuriteServer.StartAsync(Path.Combine(_options.Folder, "azurite"), report, cancellationToken);
        lock (_configuration) _configuration[Account + "ConnectionString"] = _azurite.ConnectionString;
    }

    private async Task StartServiceBusAsync(CancellationToken cancellationToken)
    {
        const string Section = "HrNetBatch:ServiceBus:";
        if (!_options.HasServiceBus || StackServices.FromEnvironment(Section + "ConnectionString") is not null || StackServices.FromEnvironment(Section + "Namespace") is not null)
            return;
        LocalBroker broker = LocalBroker.In(Path.Combine(_options.Folder, "servicebus"));
        string log = LogFile("servicebus");
        _broker = new HostedProgram(
            "Service Bus", [.. OwnProgram.Command("HrNetBatch.LocalServiceBus"), .. broker.Arguments], log, new Dictionary<string, string>(),
            _ => Task.FromResult(ChildProcess.LastLines(log, 200).Contains("Connection string:", StringComparison.Ordinal)));
        await _broker.StartAsync(cancellationToken);
        lock (_configuration) _configuration[Section + "ConnectionString"] = broker.ConnectionString;
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using ServiceProvider services = StackServices.Create(_configuration);
        await services.GetRequiredService<LedgerMigrator>().MigrateAsync(cancellationToken);
    }

    private async Task StartWorkerAsync(CancellationToken cancellationToken)
    {
        if (!_options.HasWorker) return;
        string log = LogFile("worker");
        _worker = new HostedProgram(
            "worker", OwnProgram.Command("HrNetBatch.Worker"), log, ChildEnvironment(),
            _ => Task.FromResult(ChildProcess.LastLines(log, 200).Contains("Application started", StringComparison.Ordinal)));
        await _worker.StartAsync(cancellationToken);
    }

    private async Task StartDashboardAsync(CancellationToken cancellationToken)
    {
        if (!_options.HasDashboard) return;
        int port = LoopbackPort.Keep(Path.Combine(_options.Folder, "dashboard.port"));
        var address = new Uri($"http://127.0.0.1:{port}");
        Dictionary<string, string> environment = ChildEnvironment();
        environment["HrNetBatch__Dashboard__Port"] = port.ToString(CultureInfo.InvariantCulture);
        _dashboard = new HostedProgram(
            "dashboard", OwnProgram.Command("HrNetBatch.Dashboard"), LogFile("dashboard"), environment, token => IsHealthyAsync(address, token));
        await _dashboard.StartAsync(cancellationToken);
        _dashboardAddress = address.ToString().TrimEnd('/');
    }

    private string LogFile(string name) => Path.Combine(_options.Folder, "logs", name + ".log");

    private Dictionary<string, string> ChildEnvironment() =>
        _configuration.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value);

    private void Keep(
        string name, string? logFile, Func<CancellationToken, Task> untilItDies, Func<CancellationToken, Task> restart, IProgress<string> report)
    {
        if (logFile is null) return;
        async Task RestartAsync(CancellationToken token)
        {
            await restart(token);
            _processesChanged.Release();
        }
        _keepers.Add(new KeptAlive(name, logFile, untilItDies, RestartAsync).RunAsync(report, TimeProvider.System, _stop.Token));
    }

    /// <summary>Writes stack.json whenever a process changed, for as long as it takes: a full disk must not end what keeps the parts alive.</summary>
    private async Task KeepFileAsync(IProgress<string> report)
    {
        try
        {
            while (true)
            {
                await _processesChanged.WaitAsync(_stop.Token);
                string? said = null;
                while (WriteFault() is { } fault)
                {
                    if (said != fault) report.Report(said = fault);
                    await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        string? WriteFault()
        {
            try
            {
                File.Write();
                return null;
            }
            catch (Exception exception) when (FileFault.Is(exception) || exception is LocalStackException)
            {
                return $"{StackFile.PathIn(_options.Folder)} cannot be written, so other commands may not find every part: {Explanation.Of(exception).Message} Trying again every second.";
            }
        }
    }

    private async Task UntilPostgresDiesAsync(CancellationToken cancellationToken)
    {
        // Its launcher ends at once, so there is no process of ours to wait for.
        while (_postgres!.IsAlive) await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
    }

    /// <summary>Ends the programs of a predecessor that was killed together with what would have ended them.</summary>
    private async Task StopLeftoversAsync(IProgress<string> report, CancellationToken cancellationToken)
    {
        if (StackFile.Read(_options.Folder) is not { } file) return;
        foreach ((string name, string assembly) in new[] { ("worker", "HrNetBatch.Worker"), ("dashboard", "HrNetBatch.Dashboard"), ("servicebus", "HrNetBatch.LocalServiceBus") })
        {
            if (!file.Processes.TryGetValue(name, out int processId)) continue;
            await ChildProcess.EndLeftoverAsync($"The {name}", processId, assembly, HostedProgram.StopLimit, losesWhenKilled: false, report, TimeProvider.System, cancellationToken);
        }
    }

    private static async Task<bool> IsHealthyAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri(address, "/health"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static UserException AlreadyRuns(string folder)
    {
        StackFile? file = StackFile.Read(folder);
        string where = file is null ? "" : $" (process {file.Processes["up"]}{(file.Dashboard is null ? "" : $", dashboard {file.Dashboard}")})";
        return new($"A stack already runs in {folder}{where}. Use it, stop it with Ctrl-C there, or start another one with --stack DIR.");
    }

    /// <summary>Our own output may go to the disk that is full.</summary>
    private sealed class Unfailing(IProgress<string> report) : IProgress<string>
    {
        public void Report(string value)
        {
            try
            {
                report.Report(value);
            }
            catch (IOException)
            {
            }
        }
    }

    private static Dictionary<string, T> Named<T>(params (string Name, T? Value)[] values) where T : notnull =>
        values.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Name, pair => pair.Value!);

    private static Dictionary<string, int> Named(params (string Name, int? Value)[] values) =>
        values.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Name, pair => pair.Value!.Value);

    private static Task StopAsync(IAsyncDisposable? part) => part?.DisposeAsync().AsTask() ?? Task.CompletedTask;
}
