using System.Data.Common;
using System.Text.RegularExpressions;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Reads where the ledger is: a list of <c>Key=value</c> as Npgsql has it, or a URI as libpq and every cloud's portal have it.</summary>
public static partial class LedgerAddress
{
    // libpq's parameters that Npgsql knows under another name.
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["user"] = "Username",
        ["dbname"] = "Database",
        ["connect_timeout"] = "Timeout",
        ["application_name"] = "Application Name",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["sslmode"] = "SSL Mode",
        ["channel_binding"] = "Channel Binding",
        ["gssencmode"] = "GSS Encryption Mode",
        ["target_session_attrs"] = "Target Session Attributes",
        ["client_encoding"] = "Client Encoding",
        ["keepalives_idle"] = "Tcp Keepalive Time",
    };

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">It cannot be used; the message is the end of a sentence, and holds no value, because one may be a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        var connection = new NpgsqlConnectionStringBuilder();
        foreach ((string key, string value) in IsUri(text) ? OfUri(text) : OfList(text))
            Set(connection, key, value);
        if (string.IsNullOrWhiteSpace(connection.Host))
            throw new FormatException("names no Host");
        if (connection.Host.AsSpan().ContainsAny(' ', '='))
            throw new FormatException("cannot be read: its parts are separated by semicolons, as in Host=…;Database=…, not by spaces");
        try
        {
            NpgsqlDataSource.Create(connection.ConnectionString).Dispose();
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"holds what does not go together ({error.Message})", error);
        }
        return connection;
    }

    private static bool IsUri(string text) =>
        text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<(string Key, string Value)> OfList(string text)
    {
        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException) // its message may repeat a password
        {
            throw new FormatException("cannot be read: it is a list of Key=value, separated by semicolons, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return [.. parts.Keys.Cast<string>().Select(key => (key, parts[key] as string ?? ""))];
    }

    private static IEnumerable<(string Key, string Value)> OfUri(string text)
    {
        Match uri = Uri().Match(text);
        if (!uri.Success)
        {
            throw new FormatException(
                "cannot be read: a URI is postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require, in which @ : / ? # of a name or "
                + "password are written as %40 %3A %2F %3F %23");
        }
        string[] hosts = uri.Groups["hosts"].Value.Split(',');
        if (hosts is [var only] && Port().Match(only) is { Success: true } port)
        {
            yield return ("Host", port.Groups["host"].Value is { Length: > 0 } host ? Unescape(host).Trim('[', ']') : "localhost");
            if (port.Groups["port"].Value is { Length: > 0 } number)
                yield return ("Port", number);
        }
        else
        {
            yield return ("Host", string.Join(',', hosts.Select(Unescape)));
        }
        foreach ((string group, string key) in new[] { ("user", "Username"), ("password", "Password"), ("database", "Database") })
        {
            if (uri.Groups[group].Value is { Length: > 0 } value)
                yield return (key, Unescape(value));
        }
        foreach (string parameter in uri.Groups["query"].Value.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = parameter.Split('=', 2);
            if (pair.Length < 2)
                throw new FormatException("cannot be read: what follows its ? is a list of name=value, separated by &");
            yield return (Unescape(pair[0]), Unescape(pair[1]));
        }
    }

    private static void Set(NpgsqlConnectionStringBuilder connection, string key, string value)
    {
        string keyword = Keywords.GetValueOrDefault(key, key);
        if (keyword is "SSL Mode" or "Target Session Attributes")
            value = value.Replace("-", "", StringComparison.Ordinal); // verify-full is VerifyFull, read-write is ReadWrite
        try
        {
            connection[keyword] = value;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            throw new FormatException(error.InnerException is KeyNotFoundException
                ? $"has the unknown keyword \"{key}\": correct or remove it; Npgsql's documentation lists them (Host, Port, Database, Username, "
                    + "Password, SSL Mode, …)"
                : $"has a value of \"{key}\" that cannot be used");
        }
    }

    private static string Unescape(string text) => System.Uri.UnescapeDataString(text);

    [GeneratedRegex(
        @"^postgres(ql)?://((?<user>[^:@/?#]*)(:(?<password>[^@/?#]*))?@)?(?<hosts>[^/?#@]*)(/(?<database>[^/?#]*))?(\?(?<query>[^#]*))?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Uri();

    [GeneratedRegex(@"^(?<host>\[[0-9A-Fa-f:.%]*\]|[^:\[\]]*)(:(?<port>\d*))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Port();
}
