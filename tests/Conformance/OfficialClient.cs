using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests;

/// <summary>A local Service Bus in this process, and a Node process with the official client that talks to it.</summary>
public sealed class OfficialClient : IAsyncLifetime
{
    /// <summary>No scenario takes nearly as long; a client that waits for ever ends here.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentLog _errors = new();
    private ServiceBusServer? _server;
    private Process? _node;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string modules = await RequiredService.StartedAsync(
            "The official client", NpmPackages.Of(typeof(OfficialClient).Assembly, "conformance").InstallAsync(null, CancellationToken.None));
        _server = await ServiceBusServer.StartAsync(new ServiceBusOptions
        {
            Entities = Scenario.Entities,
            Folder = _folder.Path,
            Port = 0,
            TlsPort = 0,
            MaxMessageBytes = 24 * 1024 * 1024,
        });
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "driver.mjs"), modules])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NODE_EXTRA_CA_CERTS"] = _folder.File("certificate.pem");
        _node = Process.Start(start)!;
        _node.ErrorDataReceived += (_, line) => _errors.Add(line.Data);
        _node.BeginErrorReadLine();
    }

    /// <summary>Runs a scenario and fails the test with what it said.</summary>
    internal async Task RunAsync(Scenario scenario)
    {
        string plain = _server!.ConnectionString;
        string request = JsonSerializer.Serialize(new
        {
            name = scenario.Name,
            entity = scenario.Entity,
            connectionString = plain,
            tlsConnectionString = plain.Replace($"127.0.0.1:{_server.Port}", $"localhost:{_server.TlsPort}", StringComparison.Ordinal)
                .Replace("UseDevelopmentEmulator=true;", "", StringComparison.Ordinal),
        });
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await _node!.StandardInput.WriteLineAsync(request.AsMemory(), cancellationToken);
        await _node.StandardInput.FlushAsync(cancellationToken);
        string? answer = await _node.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Deadline, TimeProvider.System, cancellationToken);
        Assert.True(answer is not null, $"The client ended: {_errors}");
        string? error = JsonDocument.Parse(answer).RootElement.TryGetProperty("error", out JsonElement text) ? text.GetString() : null;
        Assert.True(error is null, $"{error}\n{_errors}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            if (!_node.HasExited) _node.Kill();
            _node.Dispose();
        }
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class ConcurrentLog
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public void Add(string? line) => _lines.Enqueue(line ?? "");

        public override string ToString() => string.Join('\n', _lines);
    }
}
