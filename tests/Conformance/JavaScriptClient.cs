using System.Diagnostics;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests;

/// <summary>A local Service Bus in this process, and a Node process with the official client that talks to it.</summary>
public sealed class JavaScriptClient : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServiceBusServer? _server;
    private ScenarioProcess? _node;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string modules = await RequiredService.StartedAsync(
            "The official client", NpmPackages.Of(typeof(JavaScriptClient).Assembly, "conformance").InstallAsync(null,
                CancellationToken.None));
        _server = await ServiceBusServer.StartAsync(new ServiceBusOptions
        {
            Entities = Scenario.Entities(Scenario.OfJavaScript),
            Folder = _folder.Path,
            Port = 0,
            TlsPort = 0,
            MaxMessageBytes = 24 * 1024 * 1024,
        });
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "driver.mjs"), modules]);
        start.Environment["NODE_EXTRA_CA_CERTS"] = _folder.File("certificate.pem");
        _node = new ScenarioProcess(start);
    }

    /// <summary>Runs a scenario and fails the test with what it said.</summary>
    internal Task RunAsync(Scenario scenario)
    {
        string plain = _server!.ConnectionString;
        return _node!.RunAsync(new
        {
            name = scenario.Name,
            entity = scenario.Entity,
            connectionString = plain,
            tlsConnectionString = plain.Replace($"127.0.0.1:{_server.Port}", $"localhost:{_server.TlsPort}", StringComparison.Ordinal)
                .Replace("UseDevelopmentEmulator=true;", "", StringComparison.Ordinal),
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _node?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }
}
