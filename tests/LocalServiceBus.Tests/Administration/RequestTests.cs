using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Azure.Core.Pipeline;
using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class RequestTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private static readonly HttpClient Http = new();

    private string Host => $"127.0.0.1:{fixture.Server.Port}";

    [Fact]
    public async Task AWrongKey_IsRefused_AndSaysSo()
    {
        var stranger = new ServiceBusAdministrationClient(fixture.Server.ConnectionString.Replace("SAS_KEY_VALUE", "WRONG", StringComparison.Ordinal));
        UnauthorizedAccessException refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => stranger.GetQueueAsync("declared", TestContext.Current.CancellationToken));
        Assert.Contains("The token is not signed with the key 'RootManageSharedAccessKey' of this broker", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "no Authorization header")]
    [InlineData("Bearer abc", "not a shared access signature")]
    [InlineData("other", "The token is for 'other', not for 'declared'")]
    [InlineData("ended", "The token ended")]
    public async Task ARequestThatMayNot_IsRefused_WithASentence(string? token, string named)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/declared?api-version=2024-05");
        if (token is "other" or "ended") token = token == "other" ? Token("other", TimeProvider.System.GetUtcNow().AddHours(1)) : Token("", TimeProvider.System.GetUtcNow().AddHours(-1));
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", token);
        Assert.Contains(named, await AnswerAsync(request, HttpStatusCode.Unauthorized), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverTls_ItIsTheSame()
    {
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.Thumbprint == fixture.Server.Certificate?.Thumbprint,
        };
        var options = new ServiceBusAdministrationClientOptions { Transport = new HttpClientTransport(handler) };
        var client = new ServiceBusAdministrationClient(
            $"Endpoint=sb://localhost:{fixture.Server.TlsPort}/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE", options);
        await client.CreateQueueAsync("over-tls", TestContext.Current.CancellationToken);
        Assert.True(await fixture.Client.QueueExistsAsync("over-tls", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AWebSocket_IsRefused_WithASentence()
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{Host}/$servicebus/websocket"), TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotImplemented, socket.HttpStatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/$servicebus/websocket");
        request.Headers.Upgrade.Add(new("websocket"));
        request.Headers.Connection.Add("Upgrade");
        Assert.Contains("does not speak AMQP over WebSockets", await AnswerAsync(request, HttpStatusCode.NotImplemented), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_IsToldWithoutAKey()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/health");
        Assert.Contains("healthy", await AnswerAsync(request, HttpStatusCode.OK), StringComparison.Ordinal);
        await fixture.Client.CreateQueueAsync("health", TestContext.Current.CancellationToken);
        Assert.Equal("health", (await fixture.Client.GetQueueAsync("health", TestContext.Current.CancellationToken)).Value.Name);
    }

    [Fact]
    public async Task AdministrationHasAPortOfItsOwn_WhereOneIsWanted()
    {
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(new ServiceBusOptions { Port = 0, AdministrationPort = 0 });
        string connectionString = server.ConnectionString.Replace($":{server.Port}", $":{server.AdministrationPort}", StringComparison.Ordinal);
        await new ServiceBusAdministrationClient(connectionString).CreateQueueAsync("made", TestContext.Current.CancellationToken);
        Assert.NotNull(server.Broker.Describe("made"));
    }

    [Theory]
    [InlineData("""<!DOCTYPE a [<!ENTITY b "c">]><entry xmlns="http://www.w3.org/2005/Atom">&b;</entry>""", "DTD")]
    [InlineData("<entry", "cannot be used")]
    [InlineData("<entry xmlns='http://www.w3.org/2005/Atom'/>", "An Atom entry with a description")]
    [InlineData("QueueDescription:<LockDuration>60</LockDuration>", "LockDuration is '60'; it must be a duration")]
    [InlineData("QueueDescription:<LockDuration>PT6M</LockDuration>", "LockDuration must be more than 0 and at most 5 minutes")]
    [InlineData("QueueDescription:<MaxDeliveryCount>0</MaxDeliveryCount>", "MaxDeliveryCount must be 1 or more")]
    [InlineData("QueueDescription:<Magic>1</Magic>", "Magic is '1', which this broker does not support")]
    [InlineData("QueueDescription:<Status>Asleep</Status>", "Status is 'Asleep'; it can be Active")]
    [InlineData("SubscriptionDescription:", "describes a Subscription, which 'posted' is no path of")]
    [InlineData("TopicDescription:<RequiresSession>true</RequiresSession>", "RequiresSession is for queues and subscriptions")]
    public async Task ABodyThatCannotBeUsed_IsABadRequest_WithASentence(string body, string named)
    {
        using HttpRequestMessage request = Put("posted", body);
        Assert.Contains(named, await AnswerAsync(request, HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsFixed_CannotBeUpdated()
    {
        using HttpRequestMessage request = Put("declared", "QueueDescription:<RequiresSession>true</RequiresSession>");
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        Assert.Contains("RequiresSession and RequiresDuplicateDetection cannot change", await AnswerAsync(request, HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABodyThatIsTooLarge_IsNotRead()
    {
        using HttpRequestMessage request = Put("posted", $"QueueDescription:<UserMetadata>{new string('a', 300_000)}</UserMetadata>");
        await AnswerAsync(request, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task OtherMethods_AreRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{Host}/declared");
        request.Headers.TryAddWithoutValidation("Authorization", Token("", TimeProvider.System.GetUtcNow().AddHours(1)));
        Assert.Contains("POST is not possible here", await AnswerAsync(request, HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AForwardingQueue_WorksWithTheOfficialClient_AndItsTransferDeadLettersAreReceived()
    {
        await fixture.Client.CreateQueueAsync("forward-target", TestContext.Current.CancellationToken);
        await fixture.Client.CreateQueueAsync(new CreateQueueOptions("forward-source") { ForwardTo = "forward-target" }, TestContext.Current.CancellationToken);
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await client.CreateSender("forward-source").SendMessageAsync(new("a"), TestContext.Current.CancellationToken);
        ServiceBusReceiver target = client.CreateReceiver("forward-target");
        Assert.Equal("a", (await target.ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken)).Body.ToString());
        await fixture.Client.DeleteQueueAsync("forward-target", TestContext.Current.CancellationToken);
        await client.CreateSender("forward-source").SendMessageAsync(new("b"), TestContext.Current.CancellationToken);
        ServiceBusReceiver stuck = client.CreateReceiver("forward-source", new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter });
        ServiceBusReceivedMessage message = await stuck.ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("b", "MessagingEntityNotFound"), (message.Body.ToString(), message.DeadLetterReason));
        Assert.Equal(1, (await fixture.Client.GetQueueRuntimePropertiesAsync("forward-source", TestContext.Current.CancellationToken)).Value.TransferDeadLetterMessageCount);
    }

    [Fact]
    public async Task AFullQueue_IsQuotaExceeded_ForTheOfficialClient()
    {
        await fixture.Server.Broker.CreateAsync("full", EntityKind.Queue, new EntityOptions { MaxSizeMegabytes = 1 });
        await fixture.Server.Broker.Find("full").SendAsync([new IncomingMessage(new byte[1024 * 1024], "big")]);
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.QuotaExceeded, () => client.CreateSender("full").SendMessageAsync(new("a")));
    }

    private HttpRequestMessage Put(string path, string body)
    {
        if (body.Split(':', 2) is [var element, var content] && element.EndsWith("Description", StringComparison.Ordinal))
        {
            body = $"<entry xmlns='http://www.w3.org/2005/Atom'><content><{element} xmlns='http://schemas.microsoft.com/netservices/2010/10/servicebus/connect'>{content}</{element}></content></entry>";
        }
        var request = new HttpRequestMessage(HttpMethod.Put, $"http://{Host}/{path}") { Content = new StringContent(body) };
        request.Headers.TryAddWithoutValidation("Authorization", Token("", TimeProvider.System.GetUtcNow().AddHours(1)));
        return request;
    }

    private static async Task<string> AnswerAsync(HttpRequestMessage request, HttpStatusCode status)
    {
        using HttpResponseMessage response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
        return WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private string Token(string path, DateTimeOffset end)
    {
        string sr = Uri.EscapeDataString($"sb://{Host}/{path}"), se = end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string sig = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes("SAS_KEY_VALUE"), Encoding.UTF8.GetBytes($"{sr}\n{se}")));
        return $"SharedAccessSignature sr={sr}&sig={Uri.EscapeDataString(sig)}&se={se}&skn=RootManageSharedAccessKey";
    }
}
