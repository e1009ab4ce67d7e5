using Azure.Core;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>
/// The passwords that Azure's PostgreSQL takes instead of fixed ones: tokens of Microsoft Entra for whoever this process runs as.
/// PostgreSQL looks at one only when a connection is opened; connections that are open outlive it. Thread-safe.
/// </summary>
public sealed partial class EntraPasswords(Lazy<TokenCredential> credential, TimeProvider time, ILogger<EntraPasswords> logger) : IDisposable
{
    // Time for the connection to be opened, and for Entra to come back from an outage.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private static readonly TokenRequestContext Scope = new(["https://ossrdbms-aad.database.windows.net/.default"]);

    private readonly SemaphoreSlim _turn = new(1); // of many connections that open at once, one asks
    private volatile object? _token; // a boxed AccessToken: readers without the turn never see half of one

    /// <summary>A token for a connection that is opened now.</summary>
    /// <exception cref="LedgerSignInException">None can be had.</exception>
    public string Get()
    {
        if (Fresh is { } fresh)
            return fresh.Token;
        _turn.Wait();
        try
        {
            return Fresh?.Token ?? Keep(credential.Value.GetToken(Scope, CancellationToken.None));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return LastResort(error);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A token for a connection that is opened now.</summary>
    /// <exception cref="LedgerSignInException">None can be had.</exception>
    public async ValueTask<string> GetAsync(CancellationToken cancellation)
    {
        if (Fresh is { } fresh)
            return fresh.Token;
        await _turn.WaitAsync(cancellation);
        try
        {
            return Fresh?.Token ?? Keep(await credential.Value.GetTokenAsync(Scope, cancellation));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return LastResort(error);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private AccessToken? Fresh =>
        _token is AccessToken token && time.GetUtcNow() < (token.RefreshOn ?? token.ExpiresOn - Margin) ? token : null;

    private string Keep(AccessToken token)
    {
        _token = token;
        return token.Token;
    }

    private string LastResort(Exception error)
    {
        string reason = error.Message.Split('\n', 2)[0].Trim();
        if (_token is not AccessToken token || token.ExpiresOn <= time.GetUtcNow())
            throw new LedgerSignInException(reason, error);
        LogNotRenewed(logger, reason, token.ExpiresOn);
        return token.Token;
    }

    [LoggerMessage(1010, LogLevel.Warning, "No new Microsoft Entra token for PostgreSQL: {Reason} The one at hand is good until {ExpiresAt}")]
    private static partial void LogNotRenewed(ILogger logger, string reason, DateTimeOffset expiresAt);
}

/// <summary>This process cannot show PostgreSQL who it is, because Microsoft Entra gives it no token.</summary>
public sealed class LedgerSignInException(string reason, Exception cause) : Exception(
    $"Microsoft Entra gives this process no token for PostgreSQL: {reason} In Azure, give it a managed identity and name that in AZURE_CLIENT_ID; "
    + "elsewhere sign in with `az login`; or set HrNetBatch:Ledger:Authentication to Password.", cause);
