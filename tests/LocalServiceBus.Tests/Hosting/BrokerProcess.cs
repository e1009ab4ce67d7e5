using System.Text.RegularExpressions;
using HrNetBatch.LocalServiceBus.Configuration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Storage;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Hosting;

/// <summary>The program as people start it, to be killed.</summary>
internal sealed partial class BrokerProcess : IDisposable
{
    private const string Configuration = """
        { "UserConfig": { "Namespaces": [ { "Name": "local", "Queues": [
          { "Name": "jobs", "Properties": { "LockDuration": "PT1M", "MaxDeliveryCount": 10 } } ] } ] } }
        """;

    private readonly ProgramProcess _process;

    private BrokerProcess(ProgramProcess process, string address) => (_process, Address) = (process, address);

    /// <summary>Its address with the key, for AMQP clients that show it by SASL PLAIN.</summary>
    public string Address { get; }

    /// <summary>Starts it on a folder, and waits until it serves.</summary>
    public static async Task<BrokerProcess> StartAsync(string folder)
    {
        string file = Path.Combine(folder, "Config.json");
        await File.WriteAllTextAsync(file, Configuration);
        var process = ProgramProcess.StartWith("HrNetBatch.LocalServiceBus.dll", "--config", file, "--data", folder, "--port", "0");
        string port = await Eventually.GetAsync(
            () => Task.FromResult(Endpoint().Match(process.Log) is { Success: true } found ? found.Groups["port"].Value : null),
            "the broker serves", TimeSpan.FromSeconds(60));
        return new BrokerProcess(process, $"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@127.0.0.1:{port}");
    }

    /// <summary>Opens what a killed broker left behind, in this process.</summary>
    public static MessageBroker OpenRemains(string folder, TimeProvider time) => new(
        ConfigurationFile.Parse(Configuration), SqliteStore.Open(folder, _ => { }), MessageRewriter.Content, time);

    /// <summary>Kills it, and waits until its files are free.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.ExitAsync();
    }

    public void Dispose() => _process.Dispose();

    [GeneratedRegex(@"Endpoint=sb://127\.0\.0\.1:(?<port>\d+);")]
    private static partial Regex Endpoint();
}
