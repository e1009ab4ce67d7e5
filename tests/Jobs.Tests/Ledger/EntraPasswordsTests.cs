using Azure.Core;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class EntraPasswordsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly StubTokens _tokens;
    private readonly EntraPasswords _passwords;

    public EntraPasswordsTests()
    {
        _tokens = new(_time);
        _passwords = new(new Lazy<TokenCredential>(_tokens), _time, NullLogger<EntraPasswords>.Instance);
    }

    public void Dispose() => _passwords.Dispose();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_IsAskedForOnce_UntilItNearsItsEnd()
    {
        Assert.Equal("token-1", await _passwords.GetAsync(Cancelled));
        _tokens.Token = "token-2";
        _time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal("token-1", _passwords.Get());
        Assert.Equal(1, _tokens.AskedCount);
        Assert.Equal(["https://ossrdbms-aad.database.windows.net/.default"], _tokens.Scopes);

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("token-2", _passwords.Get());
        Assert.Equal("token-2", await _passwords.GetAsync(Cancelled));
        Assert.Equal(2, _tokens.AskedCount);
    }

    [Fact]
    public async Task OldToken_IsUsed_WhileItIsGoodAndEntraIsAway()
    {
        await _passwords.GetAsync(Cancelled);
        _tokens.Trouble = "Entra is away.";
        _time.Advance(TimeSpan.FromMinutes(58));
        Assert.Equal("token-1", await _passwords.GetAsync(Cancelled));
        Assert.Equal("token-1", _passwords.Get());

        _time.Advance(TimeSpan.FromMinutes(3));
        LedgerSignInException error = await Assert.ThrowsAsync<LedgerSignInException>(async () => await _passwords.GetAsync(Cancelled));
        Assert.Contains("Entra is away.", error.Message, StringComparison.Ordinal);
        Assert.Contains("AZURE_CLIENT_ID", error.Message, StringComparison.Ordinal);

        _tokens.Trouble = null;
        Assert.Equal("token-1", _passwords.Get());
    }
}
