using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed partial class ConnectionTests
{
    [Fact]
    public async Task Tls_CarriesMessages_ForWhoeverTrustsTheCertificate()
    {
        await using Bus bus = await Bus.StartAsync(options: new ServiceBusOptions { TlsPort = 0 });
        await using ServiceBusClient client = Secure(bus, certificate => certificate.Equals(bus.Server.Certificate));
        await client.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage("secret"));
        Assert.Equal("secret", (await Bus.ReceiveAsync(client.CreateReceiver(Bus.Queue))).Body.ToString());
    }

    [Fact]
    public async Task WhoeverDoesNotTrustTheCertificate_DoesNotConnect()
    {
        await using Bus bus = await Bus.StartAsync(options: new ServiceBusOptions { TlsPort = 0 });
        await using ServiceBusClient client = Secure(bus, null);
        await Assert.ThrowsAnyAsync<Exception>(() => client.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage("secret")));
    }

    [Fact]
    public async Task ManyFreshConnections_SendAMessageEach()
    {
        await using Bus bus = await Bus.StartAsync();
        await Parallel.ForEachAsync(Bus.Numbers(60), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (body, _) =>
        {
            await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString);
            await client.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage(body), CancellationToken.None);
        });
        Assert.Equal(Bus.Numbers(60).Order(), Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(), 60)).Order());
    }

    [Fact]
    public async Task ManyLinks_ShareAConnection()
    {
        await using Bus bus = await Bus.StartAsync();
        await Task.WhenAll(Bus.Numbers(100).Select(async body =>
        {
            await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
            await sender.SendMessageAsync(new ServiceBusMessage(body));
        }));
        Assert.Equal(100, (await Bus.ReceiveAsync(bus.Receiver(), 100)).Count);
    }

    [Fact]
    public async Task AConnectionThatWasClosedForSilence_IsMadeAnew()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString, options => options.RetryOptions.MaxRetries = 3);
        await using ServiceBusSender sender = client.CreateSender(Bus.Queue);
        await using ServiceBusReceiver receiver = client.CreateReceiver(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage("before"));
        await receiver.CompleteMessageAsync(await Bus.ReceiveAsync(receiver));
        bus.Clock.Advance(TimeSpan.FromMinutes(5));   // in which the broker hears nothing
        await sender.SendMessageAsync(new ServiceBusMessage("after"));
        ServiceBusReceivedMessage message = await Eventually.GetAsync(
            async () => (ServiceBusReceivedMessage?)await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(1)),
                "the message comes over another link");
        Assert.Equal("after", message.Body.ToString());
    }

    [Fact]
    public async Task AnIdleLink_StaysUsable_WhileTheConnectionLives()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender idle = bus.Client.CreateSender(Bus.Queue);
        await idle.SendMessageAsync(new ServiceBusMessage("before"));
        for (int minute = 0; minute < 12; minute++)
        {
            bus.Clock.Advance(TimeSpan.FromMinutes(1));
            await bus.Receiver().PeekMessageAsync();   // something else on the connection
        }
        await idle.SendMessageAsync(new ServiceBusMessage("after"));
        Assert.Equal(["before", "after"], Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(), 2)));
    }

    [Fact]
    public async Task AfterTheBrokerWasKilled_TheClientGoesOn_AndFindsEverything()
    {
        using var folder = new TemporaryFolder();
        string configuration = folder.File("Config.json");
        await File.WriteAllTextAsync(configuration, """
            { "UserConfig": { "Namespaces": [ { "Queues": [ { "Name": "queue", "Properties": { "LockDuration": "PT2S" } } ] } ] } }
            """);
        ProgramProcess broker = Start("0");
        try
        {
            string port = await PortAsync(broker);
            await using ServiceBusClient client = Bus.Connect(
                $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName={ServiceBusOptions.DefaultKeyName};"
                    + $"SharedAccessKey={ServiceBusOptions.DefaultKey};UseDevelopmentEmulator=true;",
                options => options.RetryOptions = new ServiceBusRetryOptions
                {
                    MaxRetries = 30,
                    Delay = TimeSpan.FromMilliseconds(200),
                    MaxDelay = TimeSpan.FromSeconds(1)
                });
            await using ServiceBusSender sender = client.CreateSender(Bus.Queue);
            await using ServiceBusReceiver receiver = client.CreateReceiver(Bus.Queue);
            List<string> received = [];
            await using ServiceBusProcessor processor = client.CreateProcessor(Bus.Queue);
            processor.ProcessErrorAsync += _ => Task.CompletedTask;
            processor.ProcessMessageAsync += arguments =>
            {
                lock (received) received.Add(arguments.Message.Body.ToString());
                return Task.CompletedTask;
            };
            await processor.StartProcessingAsync();
            for (int round = 0; round < 3; round++)
            {
                await sender.SendMessagesAsync(Bus.Numbers(20).Select(body => new ServiceBusMessage($"{round}-{body}")));
                broker.Kill();
                await broker.ExitAsync();
                broker.Dispose();
                broker = Start(port);
                await PortAsync(broker);
                await sender.SendMessageAsync(new ServiceBusMessage($"{round}-after"));
            }
            string[] expected = [.. Enumerable.Range(0, 3).SelectMany(round =>
                Bus.Numbers(20).Append("after").Select(body => $"{round}-{body}"))];
            await Eventually.TrueAsync(
                () =>
                {
                    lock (received) return !expected.Except(received).Any();
                },
                "every message is received", TimeSpan.FromSeconds(90));
            await processor.StopProcessingAsync();
        }
        finally
        {
            broker.Dispose();
        }

        ProgramProcess Start(string port) =>
            ProgramProcess.StartWith("HrNetBatch.LocalServiceBus.dll", "--config", configuration, "--data", folder.Path, "--port", port);

        static Task<string> PortAsync(ProgramProcess process) => Eventually.GetAsync(
            () => Task.FromResult(Endpoint().Match(process.Log) is { Success: true } found ? found.Groups["port"].Value : null),
            "the broker serves", TimeSpan.FromSeconds(60));
    }

    private static ServiceBusClient Secure(Bus bus, Func<X509Certificate, bool>? trusts)
    {
        string plain = bus.Server.ConnectionString;
        return Bus.Connect(
            plain.Replace($"127.0.0.1:{bus.Server.Port}", "localhost", StringComparison.Ordinal).Replace("UseDevelopmentEmulator=true;",
                "", StringComparison.Ordinal),
            options =>
            {
                options.CustomEndpointAddress = new Uri($"sb://localhost:{bus.Server.TlsPort}");
                if (trusts is not null) options.CertificateValidationCallback = (_, certificate, _, _) => trusts(certificate!);
            });
    }

    [GeneratedRegex(@"Endpoint=sb://127\.0\.0\.1:(?<port>\d+);")]
    private static partial Regex Endpoint();
}
