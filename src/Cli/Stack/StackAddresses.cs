using System.Data.Common;
using System.Net;
using HrNetBatch.LocalStack;
using Npgsql;

namespace HrNetBatch.Cli.Stack;

/// <summary>
/// What a stack.json may say: a stack runs on this machine alone. A file that leads elsewhere would have commands sign in, upload
/// and submit there.
/// </summary>
internal static class StackAddresses
{
    /// <summary>Throws unless every setting is one that <c>hrnet up</c> writes, with an address of this machine.</summary>
    public static void Check(StackFile file, string path)
    {
        foreach ((string key, string value) in file.Configuration)
        {
            if (!IsHere(key, value)) throw Refused(path, key);
        }
        if (file.Dashboard is { } dashboard && !IsLoopback(dashboard)) throw Refused(path, "dashboard");
    }

    private static bool IsHere(string key, string value)
    {
        try
        {
            return key switch
            {
                "HrNetBatch:Ledger:ConnectionString" => IsLoopbackHost(new NpgsqlConnectionStringBuilder(value).Host),
                "HrNetBatch:Blobs:Accounts:local:ConnectionString" => IsHere(value, "BlobEndpoint", "DefaultEndpointsProtocol", "AccountName", "AccountKey"),
                "HrNetBatch:ServiceBus:ConnectionString" => IsHere(value, "Endpoint", "SharedAccessKeyName", "SharedAccessKey", "UseDevelopmentEmulator"),
                "HrNetBatch:Models:Root" => value.StartsWith("blob://local/", StringComparison.Ordinal),
                _ => false,
            };
        }
        catch (ArgumentException)
        {
            return false;   // no connection string at all
        }
    }

    // Other keys could name further places, now or in a later version of the libraries that read them.
    private static bool IsHere(string connectionString, string endpoint, params string[] others)
    {
        var parts = new DbConnectionStringBuilder { ConnectionString = connectionString };
        return parts.Keys.Cast<string>().All(key => others.Append(endpoint).Contains(key, StringComparer.OrdinalIgnoreCase))
            && parts.TryGetValue(endpoint, out object? address) && IsLoopback((string)address);
    }

    private static bool IsLoopback(string address) => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && IsLoopbackHost(uri.Host.Trim('[', ']'));

    private static bool IsLoopbackHost(string? host) =>
        host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    private static LocalStackException Refused(string path, string key) => new(
        $"{path} names something that is not on this machine ({key}), so it is not used: `hrnet up` writes addresses of this machine only. "
        + "Remove it, or name your stack's folder with --stack; servers elsewhere are settings of the environment (HrNetBatch__…).");
}
