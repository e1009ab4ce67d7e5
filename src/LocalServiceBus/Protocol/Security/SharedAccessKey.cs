using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HrNetBatch.LocalServiceBus.Protocol.Security;

/// <summary>The broker's one key, which opens everything, and the check of tokens that are signed with it.</summary>
/// <param name="name">The key's name.</param>
/// <param name="key">The key.</param>
internal sealed class SharedAccessKey(string name, string key)
{
    private const string Scheme = "SharedAccessSignature ";

    /// <summary>Whether somebody knows the key itself.</summary>
    public bool Matches(string givenName, string givenKey) => givenName == name && Same(givenKey, key);

    /// <summary>Checks a token.</summary>
    /// <param name="token">The token, <c>SharedAccessSignature sr=…&amp;sig=…&amp;se=…&amp;skn=…</c>.</param>
    /// <param name="now">The time.</param>
    /// <param name="resource">What the token opens: the path of an address.</param>
    /// <param name="expiresAt">When it ends.</param>
    /// <returns>What is wrong with it; null when it is good.</returns>
    public string? Check(string token, DateTimeOffset now, out string resource, out DateTimeOffset expiresAt)
    {
        (resource, expiresAt) = ("", default);
        if (!token.StartsWith(Scheme, StringComparison.Ordinal)) return "MalformedToken: It is not a shared access signature.";
        Dictionary<string, string> fields = [];
        foreach (string field in token[Scheme.Length..].Split('&'))
        {
            if (field.Split('=', 2) is [var fieldName, var value]) fields[fieldName] = value;
        }
        if (!fields.TryGetValue("sr", out string? sr) || !fields.TryGetValue("sig", out string? sig) || !fields.TryGetValue("skn", out string? skn)
            || !fields.TryGetValue("se", out string? se) || !long.TryParse(se, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return "MalformedToken: It lacks sr, sig, se or skn.";
        }
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{sr}\n{se}"));
        if (Uri.UnescapeDataString(skn) != name || !Same(Uri.UnescapeDataString(sig), Convert.ToBase64String(signature)))
            return $"InvalidSignature: The token is not signed with the key '{name}' of this broker.";
        expiresAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (expiresAt <= now) return $"ExpiredToken: The token ended at {expiresAt:u}.";
        resource = Addresses.Path(Uri.UnescapeDataString(sr));
        return null;
    }

    private static bool Same(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
}
