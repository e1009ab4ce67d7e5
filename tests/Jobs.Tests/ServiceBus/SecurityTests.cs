using System.Diagnostics;
using System.Net.Sockets;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

public sealed class SecurityTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30), Soon = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task WrongKey_IsSaidPlainlyAndSoon_AndNotRepeated()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client(bus.Server.ConnectionString.Replace("SAS_KEY_VALUE", "another", StringComparison.Ordinal));
        long start = Stopwatch.GetTimestamp();
        foreach (Func<Task> use in new Func<Task>[] { () => client.CheckAsync(Bus.Queue, Stop), () => client.SendAsync(Bus.Queue, [Bus.Message("x")], Stop) })
        {
            MessageBusException refused = await Assert.ThrowsAsync<MessageBusException>(use);
            Assert.False(refused.IsTransient);
            Assert.Contains("InvalidSignature", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Correct the key", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("another", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
        }
        Assert.True(Stopwatch.GetElapsedTime(start) < Soon);
    }

    [Fact]
    public async Task PortWhereNobodyListens_IsSaidSoon()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        await bus.StopAsync();
        long start = Stopwatch.GetTimestamp();
        MessageBusException away = await Assert.ThrowsAsync<MessageBusException>(() => client.CheckAsync(Bus.Queue, Stop));
        Assert.True(Stopwatch.GetElapsedTime(start) < Soon);
        Assert.True(away.IsTransient);
        Assert.Contains("does not answer", away.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', away.Message);
    }

    [Fact]
    public async Task EndedTokens_CostALink_AndNothingElse()
    {
        var time = new ShiftedTime();
        await using Bus bus = await Bus.StartAsync(time);
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("before")], Stop);

        time.Shift = TimeSpan.FromHours(2); // to the broker every token has ended
        await Assert.ThrowsAsync<MessageBusException>(() => bus.Client().CheckAsync(Bus.Queue, Stop));
        time.Shift = TimeSpan.Zero;

        await client.SendAsync(Bus.Queue, [Bus.Message("after")], Stop);
        Assert.Equal(2, (await client.ReceiveAsync(Bus.Queue, 2, Wait, Stop)).Count);
    }

    [Fact]
    public async Task EntraTokens_AreAskedOfTheOneCredential_ForServiceBusesScope()
    {
        using var folder = new TemporaryFolder();
        const int StandardPort = 5671; // a namespace has no other
        if (!IsFree(StandardPort)) Assert.Skip($"Port {StandardPort} is taken.");
        await using Bus bus = await Bus.StartAsync(folder: folder.Path, tlsPort: StandardPort);
        var credential = new Ledger.StubTokens(TimeProvider.System) { Token = "header.payload.signature" };
        MessageBus client = bus.Client(new ServiceBusOptions { Namespace = "localhost", CertificateFile = folder.File("certificate.pem") }, credential);

        // The local broker cannot check such tokens, and says of which type it takes some.
        MessageBusException refused = await Assert.ThrowsAsync<MessageBusException>(() => client.CheckAsync(Bus.Queue, Stop));
        Assert.Contains("UnsupportedToken", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["https://servicebus.azure.net/.default"], credential.Scopes);
    }

    [Fact]
    public async Task Tls_CarriesEverything_OnThePortOfTheConnectionString_WithTheCertificateThatIsNamed()
    {
        using var folder = new TemporaryFolder();
        await using Bus bus = await Bus.StartAsync(folder: folder.Path, tlsPort: 0);
        MessageBus client = bus.Client(TlsConnectionString(bus), folder.File("certificate.pem"));
        await client.SendAsync(Bus.Queue, [Bus.Message("secret")], Stop);
        await client.CompleteAsync(Bus.Queue, Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)), Stop);
    }

    [Fact]
    public async Task Tls_RefusesEveryOtherCertificate()
    {
        using TemporaryFolder folder = new(), other = new();
        await using Bus bus = await Bus.StartAsync(folder: folder.Path, tlsPort: 0), another = await Bus.StartAsync(folder: other.Path, tlsPort: 0);
        foreach (string? trusted in new[] { null, other.File("certificate.pem") })
        {
            MessageBusException refused = await Assert.ThrowsAsync<MessageBusException>(() => bus.Client(TlsConnectionString(bus), trusted).CheckAsync(Bus.Queue, Stop));
            Assert.Contains("CertificateFile", refused.Message, StringComparison.Ordinal);
        }
    }

    private static string TlsConnectionString(Bus bus) =>
        $"Endpoint=sb://localhost:{bus.Server.TlsPort};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE";

    private static bool IsFree(int port)
    {
        using var socket = new TcpListener(System.Net.IPAddress.Loopback, port);
        try
        {
            socket.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The system's time, moved.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Shift;
    }
}
