using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.LocalServiceBus.Storage;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.LocalServiceBus.Tests.Hosting;

public sealed class ServiceBusServerTests
{
    private static readonly ServiceBusOptions Options = new()
    {
        Entities = new BrokerDefinition { Queues = [new QueueDefinition("jobs", new EntityOptions())] },
        Port = 0,
    };

    [Theory]
    [InlineData("--port", "70000", "--port: a whole number from 0 to 65535 is needed, this is '70000'.")]
    [InlineData("--tls-port", "-1", "--tls-port: a whole number from 0 to 65535 is needed, this is '-1'.")]
    [InlineData("--max-message-kb", "0", "--max-message-kb: a whole number from 1 to 102400 is needed, this is '0'.")]
    [InlineData("--max-message-kb", "2097152", "--max-message-kb: a whole number from 1 to 102400 is needed, this is '2097152'.")]
    public async Task TheProgram_RefusesNumbersThatCannotBe(string option, string value, string sentence)
    {
        using ProgramProcess broker = ProgramProcess.StartWith("HrNetBatch.LocalServiceBus.dll", option, value);

        Assert.Equal(2, await broker.ExitAsync());
        Assert.Contains(sentence, broker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALinkWhoseTokenEnds_IsClosed_AndSaysWhy()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(Options, time: clock);
        Connection connection = await AnonymousAsync(server);
        var session = new Session(connection);
        Assert.Equal(202, await PutTokenAsync(session, server, clock.GetUtcNow().AddMinutes(1)));
        var closed = new TaskCompletionSource<Error>();
        var link = new SenderLink(session, "sender", "jobs");
        link.Closed += (_, error) => closed.SetResult(error);
        await link.SendAsync(new Amqp.Message("a"));

        clock.Advance(TimeSpan.FromMinutes(2));

        Error why = await closed.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal("amqp:unauthorized-access", (string)why.Condition);
        Assert.Contains("ExpiredToken", why.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConnectionWithoutAToken_MayNothing()
    {
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(Options);
        var link = new SenderLink(new Session(await AnonymousAsync(server)), "sender", "jobs");
        AmqpException refused = await Assert.ThrowsAsync<AmqpException>(() => link.SendAsync(new Amqp.Message("a")));
        Assert.Equal("amqp:unauthorized-access", (string)refused.Error.Condition);
    }

    [Fact]
    public async Task AClientThatSpeaksSomethingElse_IsSentAway_AndDisturbsNobody()
    {
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(Options);
        const string Header = "AMQP\u0000\u0001\u0000\u0000";
        string tooSmallAFrame = Header + "\u0000\u0000\u0000\u0004\u0002\u0000\u0000\u0000";
        string noPerformative = Header + "\u0000\u0000\u0000\u000b\u0002\u0000\u0000\u0000\u0000\u0000\u0000";
        foreach (string text in (string[])["GET / HTTP/1.1\r\n\r\n", tooSmallAFrame, noPerformative])
        {
            using var client = new TcpClient("127.0.0.1", server.Port!.Value);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);
            await stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);   // ends when the server closes
        }
        Assert.Equal((long[])[1], await server.Broker.Find("jobs").SendAsync([new IncomingMessage([], "a")]));
    }

    [Fact]
    public async Task ASecondBrokerOnTheSameFolder_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using ServiceBusServer first = await ServiceBusServer.StartAsync(Options with { Folder = folder.Path });
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => ServiceBusServer.StartAsync(Options with { Folder = folder.Path }));
        Assert.Contains("in use by another broker", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MessagesOfAnEntityThatWasRemovedFromTheConfiguration_ComeBackWithIt()
    {
        using var folder = new TemporaryFolder();
        ServiceBusOptions options = Options with { Folder = folder.Path };
        await using (ServiceBusServer server = await ServiceBusServer.StartAsync(options))
            await server.Broker.Find("jobs").SendAsync([new IncomingMessage([], "a")]);
        await using (ServiceBusServer without = await ServiceBusServer.StartAsync(options with { Entities = new BrokerDefinition() }))
        {
            Assert.Equal(["jobs"], without.Broker.UnknownEntities);
            Assert.Null(without.Broker.Describe("jobs"));
        }
        await using ServiceBusServer again = await ServiceBusServer.StartAsync(options);
        Assert.Equal("a", Assert.Single(await again.Broker.Find("jobs").PeekAsync(0, 10)).MessageId);
    }

    [Fact]
    public async Task AnEntityThatWasRemovedFromTheConfiguration_AndIsMadeAtRunTime_HasItsMessages()
    {
        using var folder = new TemporaryFolder();
        ServiceBusOptions options = Options with { Folder = folder.Path };
        await using (ServiceBusServer server = await ServiceBusServer.StartAsync(options))
            await server.Broker.Find("jobs").SendAsync([new IncomingMessage([], "a")]);
        await using (ServiceBusServer without = await ServiceBusServer.StartAsync(options with { Entities = new BrokerDefinition() }))
        {
            await without.Broker.CreateAsync("Jobs", EntityKind.Queue, new EntityOptions());
            Assert.Equal((long[])[2], await without.Broker.Find("jobs").SendAsync([new IncomingMessage([], "b")]));
        }
        await using ServiceBusServer again = await ServiceBusServer.StartAsync(options with { Entities = new BrokerDefinition() });
        Assert.Equal(["a", "b"], (await again.Broker.Find("jobs").PeekAsync(0, 10)).Select(message => message.MessageId));
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Messages_AreForTheirUserAlone_AlsoInAFileThatWasOpen()
    {
        using var folder = new TemporaryFolder();
        const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string data = folder.File("data"), file = Path.Combine(data, "messages.db");
        await StoreAsync();
        Assert.All(Directory.GetFiles(data), stored => Assert.Equal(Closed, File.GetUnixFileMode(stored)));
        Assert.Equal(Closed | UnixFileMode.UserExecute, File.GetUnixFileMode(data));

        File.SetUnixFileMode(file, Closed | UnixFileMode.GroupRead | UnixFileMode.OtherRead); // of an earlier version
        await StoreAsync();
        Assert.Equal(Closed, File.GetUnixFileMode(file));

        async Task StoreAsync()
        {
            await using ServiceBusServer server = await ServiceBusServer.StartAsync(Options with { Folder = data });
            await server.Broker.Find("jobs").SendAsync([new IncomingMessage([], "secret")]);
            Assert.All(Directory.GetFiles(data), stored => Assert.Equal(Closed, File.GetUnixFileMode(stored)));
        }
    }

    private static async Task<Connection> AnonymousAsync(ServiceBusServer server)
    {
        var factory = new ConnectionFactory();
        factory.SASL.Profile = SaslProfile.Anonymous;
        return await factory.CreateAsync(new Address("127.0.0.1", server.Port!.Value, null, null, "/", "amqp"));
    }

    private static async Task<int> PutTokenAsync(Session session, ServiceBusServer server, DateTimeOffset end)
    {
        string audience = $"sb://127.0.0.1:{server.Port}/jobs";
        string sr = Uri.EscapeDataString(audience);
        string sig = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes("SAS_KEY_VALUE"), Encoding.UTF8.GetBytes($"{sr}\n{end.ToUnixTimeSeconds()}")));
        var replies = new ReceiverLink(session, "replies", new Attach { Source = new Source { Address = "$cbs" }, Target = new Target { Address = "me" } }, null);
        await new SenderLink(session, "requests", "$cbs").SendAsync(new Amqp.Message
        {
            Properties = new Properties { MessageId = "1", ReplyTo = "me" },
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "put-token",
                ["type"] = "servicebus.windows.net:sastoken",
                ["name"] = audience,
            },
            BodySection = new AmqpValue { Value = $"SharedAccessSignature sr={sr}&sig={Uri.EscapeDataString(sig)}&se={end.ToUnixTimeSeconds()}&skn=RootManageSharedAccessKey" },
        });
        Amqp.Message reply = await replies.ReceiveAsync(TimeSpan.FromSeconds(30));
        return (int)reply.ApplicationProperties["status-code"];
    }
}
