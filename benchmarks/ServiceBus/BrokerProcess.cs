using System.Diagnostics;

namespace HrNetBatch.Benchmarks.ServiceBus;

/// <summary>The broker in a process of its own, as it is used. Disposing it ends it and removes its folder.</summary>
internal sealed class BrokerProcess : IDisposable
{
    private const string Configuration = """
        { "UserConfig": { "Namespaces": [ { "Name": "local", "Queues": [ { "Name": "bench", "Properties": { "LockDuration": "PT5M" } } ] } ] } }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("service-bus-");
    private readonly Process _process;

    public BrokerProcess(bool isDurable)
    {
        string configuration = Path.Combine(_folder.FullName, "Config.json");
        File.WriteAllText(configuration, Configuration);
        string program = Path.Combine(AppContext.BaseDirectory, "HrNetBatch.LocalServiceBus.dll");
        string[] store = isDurable ? ["--data", _folder.FullName] : [];
        _process = Process.Start(new ProcessStartInfo("dotnet", [program, "--config", configuration, "--port", "0", .. store])
        {
            RedirectStandardOutput = true,
        })!;
        Address = ReadAddress();
    }

    /// <summary>Its address with the key, for AMQP clients that show it by SASL PLAIN.</summary>
    public string Address { get; }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private string ReadAddress()
    {
        const string Before = "Endpoint=sb://", After = ";";
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            int start = line.IndexOf(Before, StringComparison.Ordinal);
            if (start >= 0) return $"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@{line[(start + Before.Length)..].Split(After)[0]}";
        }
        throw new InvalidOperationException("The broker ended before it served.");
    }
}
