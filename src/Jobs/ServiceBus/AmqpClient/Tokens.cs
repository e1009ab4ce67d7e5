using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>What opens an address for a while.</summary>
/// <param name="Type">The token's type, as <c>$cbs</c> calls it.</param>
/// <param name="Value">The token.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record Token(string Type, string Value, DateTimeOffset ExpiresAt);

/// <summary>Makes or fetches tokens.</summary>
internal abstract class TokenSource
{
    /// <summary>A token for an audience.</summary>
    public abstract Task<Token> GetAsync(string audience, CancellationToken cancellation);
}

/// <summary>Tokens signed with a shared access key.</summary>
internal sealed class SharedAccessTokens(string keyName, string key, TimeProvider time) : TokenSource
{
    /// <summary>How long each is good.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(20);

    public override Task<Token> GetAsync(string audience, CancellationToken cancellation)
    {
        DateTimeOffset expiresAt = time.GetUtcNow() + Life;
        string seconds = expiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string resource = Uri.EscapeDataString(audience);
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{seconds}"));
        string token = $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}&se={seconds}&skn={Uri.EscapeDataString(keyName)}";
        return Task.FromResult(new Token("servicebus.windows.net:sastoken", token, expiresAt));
    }
}

/// <summary>Tokens of whoever this process runs as. The credential keeps them and fetches new ones itself.</summary>
internal sealed class EntraTokens(TokenCredential credential) : TokenSource
{
    private static readonly TokenRequestContext Scope = new(["https://servicebus.azure.net/.default"]);

    public override async Task<Token> GetAsync(string audience, CancellationToken cancellation)
    {
        AccessToken token = await credential.GetTokenAsync(Scope, cancellation);
        return new("jwt", token.Token, token.ExpiresOn);
    }
}
