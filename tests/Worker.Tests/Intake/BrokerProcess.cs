using System.Text.RegularExpressions;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Worker.Tests.Intake;

/// <summary>The local Service Bus as a program, to be killed and started again on the same port and folder.</summary>
internal sealed partial class BrokerProcess : IDisposable
{
    private const string Entities = """
        { "UserConfig": { "Namespaces": [ { "Name": "local", "Queues": [
          { "Name": "hrnet-jobs", "Properties": { "LockDuration": "PT5S", "MaxDeliveryCount": 20 } },
          { "Name": "hrnet-events" } ] } ] } }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<ProgramProcess> _processes = [];
    private readonly int _port;

    private BrokerProcess() => _port = LoopbackPort.Keep(_folder.File("port"));

    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{_port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true";

    public static async Task<BrokerProcess> StartAsync()
    {
        var broker = new BrokerProcess();
        await File.WriteAllTextAsync(broker._folder.File("Config.json"), Entities, TestContext.Current.CancellationToken);
        await broker.StartAgainAsync();
        return broker;
    }

    /// <summary>Kills it, and waits until its files and its port are free.</summary>
    public async Task KillAsync()
    {
        _processes[^1].Kill();
        await _processes[^1].ExitAsync();
    }

    public async Task StartAgainAsync()
    {
        ProgramProcess process = ProgramProcess.StartWith(
            "HrNetBatch.LocalServiceBus.dll", "--config", _folder.File("Config.json"), "--data", _folder.File("data"), "--port", $"{_port}");
        _processes.Add(process);
        await Eventually.TrueAsync(() => Serving().IsMatch(process.Log), "the broker serves", TimeSpan.FromSeconds(60));
    }

    public void Dispose()
    {
        _processes.ForEach(process => process.Dispose());
        _folder.Dispose();
    }

    [GeneratedRegex("Connection string:")]
    private static partial Regex Serving();
}
