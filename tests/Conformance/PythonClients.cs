using System.Diagnostics;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests;

/// <summary>A local Service Bus in this process, and a Python process with Debian's clients that talk to it.</summary>
public sealed class PythonClients : IAsyncLifetime
{
    private const string Python = "/usr/bin/python3";

    private readonly TemporaryFolder _folder = new();
    private ServiceBusServer? _server;
    private ScenarioProcess? _python;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        _server = await ServiceBusServer.StartAsync(new ServiceBusOptions
        {
            Entities = Scenario.Entities(Scenario.OfPython),
            Folder = _folder.Path,
            Port = 0,
            TlsPort = 0,
            MaxMessageBytes = 2 * 1024 * 1024,
        });
        var start = new ProcessStartInfo(Python, [Path.Combine(AppContext.BaseDirectory, "python", "driver.py")]);
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        _python = new ScenarioProcess(start);
    }

    /// <summary>Runs a scenario and fails the test with what it said.</summary>
    internal Task RunAsync(Scenario scenario) => _python!.RunAsync(new
    {
        name = scenario.Name,
        entity = scenario.Entity,
        connectionString =
            $"Endpoint=sb://localhost;SharedAccessKeyName={ServiceBusOptions.DefaultKeyName};SharedAccessKey={ServiceBusOptions.DefaultKey}",
        port = _server!.Port,
        tlsPort = _server.TlsPort,
        certificate = _folder.File("certificate.pem"),
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _python?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }
}
