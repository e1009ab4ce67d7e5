using Azure.Core;

namespace HrNetBatch.Jobs.Tests.Ledger;

/// <summary>Stands for Microsoft Entra: gives the token it is told to give, or none.</summary>
internal sealed class StubTokens(TimeProvider time) : TokenCredential
{
    public string Token { get; set; } = "token-1";

    public TimeSpan Life { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Why it gives none; null: it does.</summary>
    public string? Trouble { get; set; }

    public int AskedCount { get; private set; }

    public string[] Scopes { get; private set; } = [];

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        AskedCount++;
        Scopes = requestContext.Scopes;
        return Trouble is null ? new(Token, time.GetUtcNow() + Life) : throw new InvalidOperationException(Trouble);
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        new(GetToken(requestContext, cancellationToken));
}
