using Azure.Core;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.ServiceBus.AmqpClient;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

public sealed class SecurityTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Tokens_AreRenewedBeforeTheyEnd()
    {
        var time = new FakeTimeProvider();
        await using Bus bus = await Bus.StartAsync(time);
        var tokens = new CountingTokens(new SharedAccessTokens("RootManageSharedAccessKey", "SAS_KEY_VALUE", time));
        AmqpServiceBusClient client = bus.Client(time, tokens: tokens);
        await client.SendAsync(Bus.Queue, [Bus.Message("first")], Stop);
        BrokerConnection? connection = client.Connection;
        int before = tokens.Count;
        for (int minute = 0; minute < 60; minute += 2) // in steps that are shorter than the broker's patience with the silent
        {
            time.Advance(TimeSpan.FromMinutes(2));
            await client.CheckAsync(Bus.Queue, Stop);
        }

        // Of the queue and of its management, one each at half of the life of the one before.
        await Eventually.TrueAsync(() => tokens.Count >= before + 8, "tokens are renewed");
        await client.SendAsync(Bus.Queue, [Bus.Message("an hour later")], Stop);
        Assert.Same(connection, client.Connection);
        Assert.NotNull(connection);
    }

    [Fact]
    public async Task EndedTokens_CostAConnection_AndNothingElse()
    {
        var time = new FakeTimeProvider();
        await using Bus bus = await Bus.StartAsync(time);
        AmqpServiceBusClient client = bus.Client(tokens: new ShortTokens(time));
        await client.SendAsync(Bus.Queue, [Bus.Message("before")], Stop);
        Task<IReadOnlyList<ReceivedMessage>> waiting = client.ReceiveAsync(Bus.DeadLetters, 1, TimeSpan.FromMinutes(10), Stop);
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromMinutes(2)); // until the broker has seen that the token ended
            return await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop)) == waiting;
        }, "the broker ends the link");
        await Assert.ThrowsAsync<ServiceBusException>(() => waiting);

        await client.SendAsync(Bus.Queue, [Bus.Message("after")], Stop);
        Assert.Equal(2, (await client.ReceiveAsync(Bus.Queue, 2, Wait, Stop)).Count);
    }

    [Fact]
    public async Task WrongKey_IsSaidPlainly_AndNotRepeated()
    {
        await using Bus bus = await Bus.StartAsync();
        AmqpServiceBusClient client = bus.Client(connectionString: bus.Server.ConnectionString.Replace("SAS_KEY_VALUE", "another", StringComparison.Ordinal));
        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() => client.CheckAsync(Bus.Queue, Stop));
        Assert.False(refused.IsTransient);
        Assert.Contains("InvalidSignature", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Correct the key", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("another", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EntraTokens_AreShownAsJwt_ForServiceBusesScope()
    {
        await using Bus bus = await Bus.StartAsync();
        var credential = new Credential();
        AmqpServiceBusClient client = bus.Client(tokens: new EntraTokens(credential));

        // The local broker cannot check such tokens, and says of which type it takes some.
        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() => client.CheckAsync(Bus.Queue, Stop));
        Assert.Contains("UnsupportedToken", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["https://servicebus.azure.net/.default"], credential.Scopes);
        Assert.Equal("jwt", (await new EntraTokens(credential).GetAsync("sb://any/queue", Stop)).Type);
    }

    [Fact]
    public async Task Tls_CarriesEverything_WhenTheCertificateIsTrusted()
    {
        await using Bus bus = await Bus.StartAsync(tls: true);
        AmqpServiceBusClient client = bus.Client(connectionString: $"Endpoint=sb://localhost:{bus.Server.TlsPort};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE");
        client.Factory.SSL.RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == bus.Server.Certificate!.GetCertHashString();
        await client.SendAsync(Bus.Queue, [Bus.Message("secret")], Stop);
        await client.CompleteAsync(Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)), Stop);
    }

    [Fact]
    public async Task Tls_RefusesACertificateThatNobodyVouchesFor()
    {
        await using Bus bus = await Bus.StartAsync(tls: true);
        AmqpServiceBusClient client = bus.Client(connectionString: $"Endpoint=sb://localhost:{bus.Server.TlsPort};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE");
        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() => client.CheckAsync(Bus.Queue, Stop));
        Assert.Contains("Trust the broker's certificate", refused.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private sealed class CountingTokens(TokenSource source) : TokenSource
    {
        private int _count;

        public int Count => _count;

        public override Task<Token> GetAsync(string audience, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _count);
            return source.GetAsync(audience, cancellation);
        }
    }

    // Good for two minutes of the broker's clock; the client believes that they last.
    private sealed class ShortTokens(TimeProvider brokersTime) : TokenSource
    {
        public override async Task<Token> GetAsync(string audience, CancellationToken cancellation)
        {
            var past = new FakeTimeProvider(brokersTime.GetUtcNow() - SharedAccessTokens.Life + TimeSpan.FromMinutes(2));
            Token token = await new SharedAccessTokens("RootManageSharedAccessKey", "SAS_KEY_VALUE", past).GetAsync(audience, cancellation);
            return token with { ExpiresAt = DateTimeOffset.MaxValue };
        }
    }

    private sealed class Credential : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes.AddRange(requestContext.Scopes);
            return new("header.payload.signature", TimeProvider.System.GetUtcNow().AddHours(1));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
