using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Azure.Core.Pipeline;
using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using static HrNetBatch.LocalServiceBus.Tests.Administration.AdministrationFixture;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class RequestTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private static readonly HttpClient Http = new();

    private string Host => $"127.0.0.1:{fixture.Server.Port}";

    [Fact]
    public async Task AWrongKey_IsRefused_AndSaysSo()
    {
        string wrong = fixture.Server.ConnectionString.Replace("SAS_KEY_VALUE", "WRONG", StringComparison.Ordinal);
        var stranger = new ServiceBusAdministrationClient(wrong);
        UnauthorizedAccessException refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => stranger.GetQueueAsync("declared"));
        Assert.Contains("The token is not signed with the key 'RootManageSharedAccessKey'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "no Authorization header")]
    [InlineData("Bearer abc", "not a shared access signature")]
    [InlineData("other", "The token is for 'other', not for 'declared'")]
    [InlineData("ended", "The token ended")]
    public async Task ARequestThatMayNot_IsRefused_WithASentence(string? token, string named)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/declared?api-version=2024-05");
        if (token == "other") token = Token("other", hours: 1);
        if (token == "ended") token = Token("", hours: -1);
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", token);
        Assert.Contains(named, await AnswerAsync(request, HttpStatusCode.Unauthorized), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverTls_ItIsTheSame()
    {
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == fixture.Server.Certificate?.Thumbprint,
        };
        var options = new ServiceBusAdministrationClientOptions { Transport = new HttpClientTransport(handler) };
        string endpoint = $"Endpoint=sb://localhost:{fixture.Server.TlsPort}/";
        var client = new ServiceBusAdministrationClient(
            $"{endpoint};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE", options);
        await client.CreateQueueAsync("over-tls");
        Assert.True(await fixture.Client.QueueExistsAsync("over-tls"));
    }

    [Fact]
    public async Task AWebSocket_IsRefused_WithASentence()
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        var address = new Uri($"ws://{Host}/$servicebus/websocket");
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotImplemented, socket.HttpStatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/$servicebus/websocket");
        request.Headers.Upgrade.Add(new("websocket"));
        request.Headers.Connection.Add("Upgrade");
        string answer = await AnswerAsync(request, HttpStatusCode.NotImplemented);
        Assert.Contains("does not speak AMQP over WebSockets", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_IsToldWithoutAKey()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/health");
        Assert.Contains("healthy", await AnswerAsync(request, HttpStatusCode.OK), StringComparison.Ordinal);
        await fixture.Client.CreateQueueAsync("health");
        Assert.Equal("health", (await fixture.Client.GetQueueAsync("health")).Value.Name);
    }

    [Fact]
    public async Task AdministrationHasAPortOfItsOwn_WhereOneIsWanted()
    {
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(new ServiceBusOptions { Port = 0, AdministrationPort = 0 });
        string connectionString = server.ConnectionString.Replace(
            $":{server.Port}", $":{server.AdministrationPort}", StringComparison.Ordinal);
        await new ServiceBusAdministrationClient(connectionString).CreateQueueAsync("made");
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
        string answer = await AnswerAsync(request, HttpStatusCode.BadRequest);
        Assert.Contains("RequiresSession and RequiresDuplicateDetection cannot change", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABodyThatIsTooLarge_IsNotRead()
    {
        using HttpRequestMessage request = Put("posted", $"QueueDescription:<UserMetadata>{new string('a', 300_000)}</UserMetadata>");
        await AnswerAsync(request, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task ABodyOfManyLevels_IsRefused_AndHarmsNobody()
    {
        const int Levels = 30_000;
        string deep = $"{string.Concat(Enumerable.Repeat("<a>", Levels))}{string.Concat(Enumerable.Repeat("</a>", Levels))}";
        using HttpRequestMessage request = Put("posted", $"QueueDescription:{deep}");
        string answer = await AnswerAsync(request, HttpStatusCode.BadRequest);
        Assert.Contains("a is '', which this broker does not support", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /declared\r\n\r\n")]
    [InlineData("GET declared HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PUT /declared HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("PUT /declared HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("GET /%zz/%00 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("X")]
    public async Task WhatIsNoRequest_IsRefused_AndHarmsNobody(string text)
    {
        using var client = new TcpClient("127.0.0.1", fixture.Server.Port!.Value);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);

        // Ends when the server closes.
        string answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.DoesNotContain("HTTP/1.1 2", answer, StringComparison.Ordinal);
        Assert.True(await fixture.Client.QueueExistsAsync("declared"));
    }

    [Fact]
    public async Task OtherMethods_AreRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{Host}/declared");
        request.Headers.TryAddWithoutValidation("Authorization", Token(""));
        Assert.Contains("POST is not possible here", await AnswerAsync(request, HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AForwardingQueue_WorksWithTheOfficialClient_AndItsTransferDeadLettersAreReceived()
    {
        await fixture.Client.CreateQueueAsync("forward-target");
        await fixture.Client.CreateQueueAsync(new CreateQueueOptions("forward-source") { ForwardTo = "forward-target" });
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await client.CreateSender("forward-source").SendMessageAsync(new("a"));
        ServiceBusReceiver target = client.CreateReceiver("forward-target");
        Assert.Equal("a", (await target.ReceiveMessageAsync()).Body.ToString());
        await fixture.Client.DeleteQueueAsync("forward-target");
        await client.CreateSender("forward-source").SendMessageAsync(new("b"));
        ServiceBusReceiver stuck = client.CreateReceiver(
            "forward-source", new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter });
        ServiceBusReceivedMessage message = await stuck.ReceiveMessageAsync();
        Assert.Equal(("b", "MessagingEntityNotFound"), (message.Body.ToString(), message.DeadLetterReason));
        QueueRuntimeProperties source = await fixture.Client.GetQueueRuntimePropertiesAsync("forward-source");
        Assert.Equal(1, source.TransferDeadLetterMessageCount);
    }

    [Fact]
    public async Task AFullQueue_IsQuotaExceeded_ForTheOfficialClient()
    {
        await fixture.Server.Broker.CreateAsync("full", EntityKind.Queue, new EntityOptions { MaxSizeMegabytes = 1 });
        await fixture.Server.Broker.Find("full").SendAsync([new IncomingMessage(new byte[1024 * 1024], "big")]);
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await FailsAsync(ServiceBusFailureReason.QuotaExceeded, () => client.CreateSender("full").SendMessageAsync(new("a")));
    }

    private HttpRequestMessage Put(string path, string body)
    {
        if (body.Split(':', 2) is [var element, var content] && element.EndsWith("Description", StringComparison.Ordinal))
        {
            const string ServiceBus = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
            body = $"<{element} xmlns='{ServiceBus}'>{content}</{element}>";
            body = $"<entry xmlns='http://www.w3.org/2005/Atom'><content>{body}</content></entry>";
        }
        var request = new HttpRequestMessage(HttpMethod.Put, $"http://{Host}/{path}") { Content = new StringContent(body) };
        request.Headers.TryAddWithoutValidation("Authorization", Token(""));
        return request;
    }

    private static async Task<string> AnswerAsync(HttpRequestMessage request, HttpStatusCode status)
    {
        using HttpResponseMessage response = await Http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        return WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
    }

    private string Token(string path, int hours = 1)
    {
        string sr = Uri.EscapeDataString($"sb://{Host}/{path}");
        string se = TimeProvider.System.GetUtcNow().AddHours(hours).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signature = HMACSHA256.HashData("SAS_KEY_VALUE"u8, Encoding.UTF8.GetBytes($"{sr}\n{se}"));
        string sig = Convert.ToBase64String(signature);
        return $"SharedAccessSignature sr={sr}&sig={Uri.EscapeDataString(sig)}&se={se}&skn=RootManageSharedAccessKey";
    }
}
