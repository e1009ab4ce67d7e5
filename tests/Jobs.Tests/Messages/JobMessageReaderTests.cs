using System.Text;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;

namespace HrNetBatch.Jobs.Tests.Messages;

public sealed class JobMessageReaderTests
{
    private static readonly JobMessageReader Reader = new(new JobKinds(JobKind.Of<ProbeArguments>()));

    [Fact]
    public void Read_GivesTheRequestThatWasWritten()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "parent", Level = 3 }) with
        {
            NotBefore = new DateTimeOffset(2030, 1, 31, 6, 0, 0, TimeSpan.FromHours(2)),
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=1",
            Then = [Follower("""{"name": "{{result.a}}", "level": "{{result.b}}"}""") with { Then = [Follower("""{"name": "last"}""")] }],
        };

        JobRequest read = Accepted(JobMessage.Of(request));

        Assert.Equal(
            (request.Id, request.Kind, request.NotBefore, request.TraceParent, request.TraceState),
            (read.Id, read.Kind, read.NotBefore, read.TraceParent, read.TraceState));
        Assert.Equal(request.Arguments.GetRawText(), read.Arguments.GetRawText());
        JobRequest follower = Assert.Single(read.Then);
        Assert.Equal((request.Then[0].Id, "probe"), (follower.Id, follower.Kind));
        Assert.Equal(request.Then[0].Then[0].Id, Assert.Single(follower.Then).Id);
    }

    [Theory]
    [InlineData("""{"arguments": {"name": "x"}}""", "InvalidFields", "schemaVersion: is required")]
    [InlineData("""{"schemaVersion": 2, "jobs": []}""", "UnsupportedSchemaVersion", "schemaVersion: 1 is needed, this is 2")]
    [InlineData("""{"schemaVersion": "1", "arguments": {"name": "x"}}""", "InvalidFields", "schemaVersion: a whole number is needed")]
    [InlineData("""{"schemaVersion": 1}""", "InvalidFields", "arguments: is required")]
    [InlineData("""{"schemaVersion": 1, "arguments": 5}""", "InvalidFields", "arguments: a JSON object is needed, this is 5")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x", "colour": 1}}""", "InvalidFields", "arguments.colour: unknown field")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x", "level": "3"}}""", "InvalidFields", "arguments.level: a whole number is needed, this is \"3\"")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "kind": "probe"}""", "InvalidFields", "kind: unknown field")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "id": "7"}""", "InvalidFields", "id: a UUID such as")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "id": "00000000-0000-0000-0000-000000000000"}""", "InvalidFields", "id: 00000000-0000-0000-0000-000000000000 is empty")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "notBefore": "2030-01-31T06:00:00"}""", "InvalidFields", "notBefore: a time with its offset from UTC, such as")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "notBefore": "0001-01-01T00:00:00Z"}""", "InvalidFields", "notBefore: a time with its offset from UTC, such as")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "notBefore": "soon"}""", "InvalidFields", "notBefore: a time with its offset from UTC, such as")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "arguments": {}}""", "InvalidFields", "arguments: given twice")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "then": {}}""", "InvalidFields", "then: a list of jobs is needed")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "then": [{"arguments": {"name": "x"}}]}""", "InvalidFields", "then[0].kind: is required")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "then": [{"kind": "sing", "arguments": {}}]}""", "InvalidFields", "then[0].kind: \"sing\" is no kind of job; known kinds are probe")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}, "then": [{"kind": "probe", "arguments": {"level": 99, "name": "{{result.a}}"}}]}""", "InvalidFields", "then[0].arguments.level: ")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x\u0000"}}""", "InvalidFields", "body.arguments.name: holds the character U+0000")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "\ud800"}}""", "UndecodableBody", "body.arguments.name: holds half a surrogate pair")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"\ud800": 1}}""", "UndecodableBody", "body.arguments: holds half a surrogate pair")]
    [InlineData("""{"schemaVersion": 1, """, "UndecodableBody", "body: is no JSON")]
    [InlineData("", "UndecodableBody", "body: is no JSON")]
    [InlineData("[]", "InvalidFields", "body: a JSON object is needed")]
    public void Read_RefusesABody_NamingTheField(string body, string reason, string fault)
    {
        JobMessageReading.Refused refused = Refused(Message(body));

        Assert.Equal(reason, refused.Reason);
        Assert.Contains("; " + fault, "; " + refused.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ListsEveryFaultAtOnce_OfFollowersToo()
    {
        JobMessageReading.Refused refused = Refused(Message(
            """{"schemaVersion": 1, "colour": 1, "arguments": {"level": 0}, "then": [{"kind": "probe", "arguments": {}, "then": [{"kind": "sing", "arguments": {}}]}]}"""));

        Assert.Equal(
            ["colour", "then[0].then[0].kind", "then[0].arguments.name", "arguments.level", "arguments.name"],
            refused.Description.Split("; ").Where(fault => fault.Contains(": ", StringComparison.Ordinal)).Select(fault => fault.Split(':')[0]));
    }

    [Theory]
    [InlineData(null, "subject: is required, and names the kind: one of probe")]
    [InlineData("Probe", "subject: \"Probe\" is no kind of job; known kinds are probe")]
    public void Read_RefusesAnUnknownKind(string? subject, string description) =>
        Assert.Equal(new JobMessageReading.Refused("UnknownKind", description), Refused(With(message => message.Subject = subject)));

    [Theory]
    [InlineData(null)]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    [InlineData("text/plain")]
    [InlineData("text/json")]
    [InlineData("application/octet-stream")]
    public void Read_TakesJson_HoweverItsTypeIsWritten(string? contentType) => Accepted(With(message => message.ContentType = contentType));

    [Fact]
    public void Read_RefusesWhatIsNotJson()
    {
        Assert.Equal("UnsupportedContentType", Refused(With(message => message.ContentType = "application/xml")).Reason);
        Assert.Equal("UndecodableBody", Refused(With(message => message.Body = new(new byte[] { 0x22, 0xFF, 0x22 }))).Reason);
        Assert.Equal("UndecodableBody", Refused(With(message => message.GetRawAmqpMessage().Body = AmqpMessageBody.FromValue(42))).Reason);
        Assert.Equal("BodyTooLarge", Refused(With(message => message.Body = new(new byte[JobMessage.MaximumBodyBytes + 1]))).Reason);
        Assert.Equal("UndecodableBody", Refused(Message(new string('[', 100) + new string(']', 100))).Reason);
    }

    [Theory]
    [InlineData("application/cloudevents+json")]
    [InlineData("application/xml")]
    public void Read_SaysWhatToSend_OfAnotherContentType(string contentType) =>
        Assert.Contains("send the job alone, as JSON in UTF-8", Refused(With(message => message.ContentType = contentType)).Description, StringComparison.Ordinal);

    [Theory]
    [InlineData(100)]
    [InlineData(70_000)]   // lengths of one, two and four bytes
    [InlineData(300)]
    public void Read_TakesTheText_ThatTheOldNetSdkPutIntoXml(int length)
    {
        string name = new('x', length);
        using var body = new MemoryStream();
        using (System.Xml.XmlDictionaryWriter writer = System.Xml.XmlDictionaryWriter.CreateBinaryWriter(body))
            new System.Runtime.Serialization.DataContractSerializer(typeof(string)).WriteObject(writer, $$$"""{"schemaVersion":1,"arguments":{"name":"{{{name}}}"}}""");

        JobRequest request = Accepted(With(message => message.Body = new(body.ToArray())));

        Assert.Equal(name, request.Arguments.GetProperty("name").GetString());
    }

    [Fact]
    public void Read_NamesTheOldNetSdk_WhenItsXmlHoldsNoText()
    {
        byte[] cut = [0x40, 6, .. "string"u8, 0x08, 51, .. "http://schemas.microsoft.com/2003/10/Serialization/"u8, 0x9A, 2, 0, .. "{}"u8];

        JobMessageReading.Refused refused = Refused(With(message => message.Body = new(cut)));

        Assert.Equal("UndecodableBody", refused.Reason);
        Assert.Contains("old .NET SDK", refused.Description, StringComparison.Ordinal);
        Assert.Contains("use Azure.Messaging.ServiceBus", refused.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SaysWhichEncodingIsNeeded() => Assert.Equal(
        "body: is UTF-16; send the JSON in UTF-8", Refused(With(message => message.Body = new(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("{}é")).ToArray()))).Description);

    [Fact]
    public void Read_TakesAWholeNumber_HoweverItIsWritten()
    {
        JobRequest request = Accepted(Message(
            """{"schemaVersion": 1.0, "arguments": {"name": "x", "level": 3.00}, "then": [{"kind": "probe", "arguments": {"name": "y", "level": 4.0}}]}"""));

        Assert.Equal("3", request.Arguments.GetProperty("level").GetRawText());
        Assert.Equal("4", request.Then[0].Arguments.GetProperty("level").GetRawText());
        Assert.Contains("a whole number is needed, this is 3.5", Refused(Message("""{"schemaVersion": 1, "arguments": {"name": "x", "level": 3.5}}""")).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesNullForAFieldThatMayBeLeftOut()
    {
        JobRequest request = Accepted(Message(
            """{"schemaVersion": 1, "id": null, "then": [{"kind": "probe", "then": null, "arguments": {"name": "y", "level": null}}], "notBefore": null, "arguments": {"name": "x", "level": null}}"""));

        Assert.Equal("""{"name":"x"}""", request.Arguments.GetRawText());
        Assert.Equal("""{"name":"y"}""", request.Then[0].Arguments.GetRawText());
        Assert.Contains("arguments.name: must not be null", Refused(Message("""{"schemaVersion": 1, "arguments": {"name": null}}""")).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_KeepsALongRefusalShortEnoughForTheBroker()
    {
        string fields = string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"\"field{i}\": 1"));

        Assert.InRange(Refused(Message($$$"""{"schemaVersion": 1, "arguments": { {{{fields}}} }}""")).Description.Length, 1000, 4096);
    }

    [Fact]
    public void Read_RefusesMoreFollowersThanTheSchemaAllows()
    {
        string followers = string.Join(", ", Enumerable.Repeat("""{"kind": "probe", "arguments": {"name": "y"}}""", JobMessage.MaximumFollowerCount + 1));

        Assert.Equal(
            "then: at most 100 jobs may follow one, these are 101",
            Refused(Message($$$"""{"schemaVersion": 1, "arguments": {"name": "x"}, "then": [{{{followers}}}]}""")).Description);
    }

    [Fact]
    public void Read_NeverThrows_WhateverTheBodyHolds()
    {
        byte[] whole = """{"schemaVersion":1,"id":"0190b7a3-5c5e-7000-8000-000000000001","notBefore":"2030-01-31T06:00:00Z","arguments":{"name":"x\u0041","level":3,"pause":"00:00:05","steps":[1,2]},"then":[{"kind":"probe","arguments":{"name":"{{result.a}}"}}]}"""u8.ToArray();
        string[] pieces = ["null", "{}", "[]", "\"\"", "1e999", "-1", "\\u0000", "\\ud800", "true", ",", ":", "}", "]", "\"then\":", "9999-12-31T23:59:59Z"];
        Random random = new(7);
        int acceptedCount = 0;
        for (int round = 0; round < 5000; round++)
        {
            List<byte> body = [.. whole];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int at = random.Next(body.Count);
                body.RemoveRange(at, Math.Min(random.Next(0, 12), body.Count - at));
                body.InsertRange(at, random.Next(2) == 0 ? [(byte)random.Next(256)] : Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]));
            }

            if (Reader.Read(With(message => message.Body = new(body.ToArray()))) is JobMessageReading.Accepted { Request: var request })
            {
                acceptedCount++;
                System.Text.Json.JsonSerializer.Serialize(request, JobJson.Options);
            }
        }

        Assert.InRange(acceptedCount, 1, 4999);
    }

    [Fact]
    public void Read_TakesABodyWithAByteOrderMark() => Accepted(With(message => message.Body = new((byte[])[.. "\uFEFF"u8, .. message.Body.ToArray()])));

    [Fact]
    public void Id_IsTheBodysElseTheMessages_AndTheSameForTheSameMessage()
    {
        Guid id = Guid.CreateVersion7();

        Assert.Equal(id, Accepted(With(message => message.MessageId = id.ToString())).Id);
        Assert.Equal(id, Accepted(With(message => message.MessageId = id.ToString("n"))).Id);
        Assert.Equal(id, Accepted(new ServiceBusMessage(Message($$$"""{"schemaVersion": 1, "id": "{{{id}}}", "arguments": {"name": "x"}}""").Body) { Subject = "probe" }).Id);
        Assert.Equal(Accepted(With(message => message.MessageId = "order-7")).Id, Accepted(With(message => message.MessageId = "order-7")).Id);
        Assert.NotEqual(Accepted(With(message => message.MessageId = "order-7")).Id, Accepted(With(message => message.MessageId = "order-8")).Id);
        Assert.StartsWith("messageId: is required", Refused(new ServiceBusMessage(Message().Body) { Subject = "probe" }).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Id_OfATextIsItsNameBasedUuid_AsAnyLanguageComputesIt() =>
        Assert.Equal(new Guid("f2ed0f52-2a53-5acb-a1fa-f2b9b178791d"), JobIdentity.OfMessage("order-7")); // python3: uuid.uuid5(namespace, "order-7")

    [Fact]
    public void Ids_OfFollowers_FollowFromTheMessage_AndMayNotRepeat()
    {
        const string body = """{"schemaVersion": 1, "arguments": {"name": "x"}, "then": [{"kind": "probe", "arguments": {"name": "y"}}, {"kind": "probe", "arguments": {"name": "z"}}]}""";
        ServiceBusMessage message = Message(body);

        Guid[] ids = [.. Accepted(message).Then.Select(follower => follower.Id)];

        Assert.Equal(2, ids.Distinct().Count());
        Assert.Equal(ids, Accepted(message).Then.Select(follower => follower.Id));
        Guid own = JobIdentity.OfMessage(message.MessageId!);
        string repeated = body.Replace("\"kind\": \"probe\",", $"\"kind\": \"probe\", \"id\": \"{own}\",", StringComparison.Ordinal);
        Assert.StartsWith($"then[0].id: {own} is empty, or another job's", Refused(Message(repeated)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void TraceContext_IsTakenFromEitherProperty_AndLeftOutWhenItIsNone()
    {
        const string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        Assert.Equal(parent, TraceParentOf("traceparent", parent));
        Assert.Equal(parent, TraceParentOf("Diagnostic-Id", parent));
        Assert.Null(TraceParentOf("traceparent", "|old-style.1."));
        Assert.Null(TraceParentOf("traceparent", 5));
    }

    private static string? TraceParentOf(string property, object value) =>
        Accepted(With(message => message.ApplicationProperties[property] = value)).TraceParent;

    private static ServiceBusMessage Message(string body = """{"schemaVersion": 1, "arguments": {"name": "x"}}""") =>
        new(Encoding.UTF8.GetBytes(body)) { MessageId = "m", Subject = "probe", ContentType = "application/json" };

    private static ServiceBusMessage With(Action<ServiceBusMessage> change)
    {
        ServiceBusMessage message = Message();
        change(message);
        return message;
    }

    private static JobRequest Follower(string arguments) =>
        new() { Kind = "probe", Arguments = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(arguments) };

    private static JobRequest Accepted(ServiceBusMessage message) => Assert.IsType<JobMessageReading.Accepted>(Reader.Read(message)).Request;

    private static JobMessageReading.Refused Refused(ServiceBusMessage message) => Assert.IsType<JobMessageReading.Refused>(Reader.Read(message));
}
