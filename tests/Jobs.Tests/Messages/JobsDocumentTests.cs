using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Kinds;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Messages;

public sealed partial class JobsDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "jobs.md"));

    public static TheoryData<string> KindNames => [.. KindTable.Default.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(KindNames))]
    public void Schema_IsTheGeneratedOne(string kind) => AssertCommitted(kind, JobSchemas.Of(KindTable.Default.Get(kind)));

    [Fact]
    public void SchemaOfEvents_IsTheGeneratedOne() => AssertCommitted("event", JobSchemas.OfEvents());

    [Fact]
    public void Schemas_AreOfKindsThatThereAre() => Assert.Equal(
        KindTable.Default.All.Select(kind => kind.Name).Append("event").Order(StringComparer.Ordinal),
        Directory.GetFiles(Path.Combine(Repository.Root, "docs", "schemas")).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(KindNames))]
    public void Example_OfEachKind_IsAccepted(string kind)
    {
        Match example = Example().Matches(Document).SingleOrDefault(found => found.Groups["kind"].Value == kind)
            ?? throw new InvalidOperationException($"docs/jobs.md lacks an example of the kind {kind}, under \"Subject `{kind}`:\".");

        JobMessageReading reading = new JobMessageReader(KindTable.Default).Read(
            new ServiceBusMessage(Encoding.UTF8.GetBytes(example.Groups["body"].Value)) { MessageId = kind, Subject = kind, ContentType = JobMessage.ContentType });

        Assert.Equal(kind, Assert.IsType<JobMessageReading.Accepted>(reading).Request.Kind);
        Assert.Contains($"schemas/{kind}.json", Document, StringComparison.Ordinal);
    }

    [Fact]
    public void Document_ListsEveryReasonOfARefusal()
    {
        string[] reasons = [.. typeof(JobMessageRefusal).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

        Assert.Equal(reasons, Reason().Matches(Document[Document.IndexOf("## What is refused", StringComparison.Ordinal)..]).Select(match => match.Groups["reason"].Value));
    }

    [Fact]
    public void Document_SaysTheNamespaceOfIds() => Assert.Contains($"{JobIdentity.Namespace}", Document, StringComparison.Ordinal);

    [Fact]
    public void ExampleOfAnEvent_HasTheFieldsOfOne()
    {
        Match example = Regex.Match(Document, @"tells of an event:\s+```json\n(?<body>.*?)\n```", RegexOptions.Singleline);

        JobEventBody body = JsonSerializer.Deserialize<JobEventBody>(example.Groups["body"].Value, JobJson.Options)!;
        Assert.Equal((1, "succeeded", JobState.Succeeded), (body.SchemaVersion, body.Event, body.State));
    }

    private static void AssertCommitted(string name, JsonObject schema)
    {
        string file = Path.Combine(Repository.Root, "docs", "schemas", name + ".json");

        Assert.True(
            File.Exists(file) && File.ReadAllText(file).TrimEnd() == JobSchemas.Text(schema),
            $"docs/schemas/{name}.json is not what the records say: dotnet run --project src/Cli -- schema {name} > docs/schemas/{name}.json");
    }

    [GeneratedRegex(@"^Subject `(?<kind>\w+)`:\s+```json\n(?<body>.*?)\n```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| (?<reason>[A-Z]\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Reason();
}
