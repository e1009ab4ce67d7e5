using System.Globalization;
using System.Text;
using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Stack;

/// <summary>How the stack's Service Bus is started, and found again after a restart.</summary>
/// <param name="Arguments">Its command line.</param>
/// <param name="ConnectionString">What clients connect with; it holds the key, which is this folder's own.</param>
internal sealed record LocalBroker(string[] Arguments, string ConnectionString)
{
    /// <summary>Where it takes job messages.</summary>
    public const string Queue = "hrnet-jobs";

    /// <summary>Where workers publish events.</summary>
    public const string Topic = "hrnet-events";

    /// <summary>Where everybody may read them.</summary>
    public const string Subscription = "all";

    // Nobody has to read the events of a laptop, so they end by themselves. Repeated job messages are the ledger's affair.
    private const string Entities = $$"""
        {
          "UserConfig": { "Namespaces": [ { "Name": "local",
            "Queues": [ { "Name": "{{Queue}}", "Properties": { "LockDuration": "PT1M", "MaxDeliveryCount": 10 } } ],
            "Topics": [ { "Name": "{{Topic}}", "Properties": { "RequiresDuplicateDetection": true },
              "Subscriptions": [ { "Name": "{{Subscription}}", "Properties": { "DefaultMessageTimeToLive": "PT1H" } } ] } ]
          } ] }
        }
        """;

    /// <summary>Prepares a folder for the broker; a Config.json that somebody changed there stays.</summary>
    public static LocalBroker In(string folder)
    {
        PrivateFolder.Make(folder);
        string config = Path.Combine(folder, "Config.json");
        if (!File.Exists(config)) PrivateFile.Write(config, Encoding.UTF8.GetBytes(Entities));
        string keyFile = Path.Combine(folder, "key"), key = RandomKey.Keep(keyFile);
        string port = LoopbackPort.Keep(Path.Combine(folder, "port")).ToString(CultureInfo.InvariantCulture);
        return new(
            ["--config", config, "--data", Path.Combine(folder, "data"), "--port", port, "--key-file", keyFile, "--max-message-kb", "1088"], // a body of 1 MB, as jobs may have
            $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key};UseDevelopmentEmulator=true");
    }
}
