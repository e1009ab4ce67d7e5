using System.Text;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;

namespace HrNetBatch.Jobs.Tests.Messages;

public sealed class JobDocumentTests
{
    private static readonly JobKinds Kinds = new(JobKind.Of<ProbeArguments>());

    [Fact]
    public void Read_TakesAJobWithItsKind()
    {
        JobRequest request = Read(
            """
            {"kind": "probe", "id": "0190b7a3-5c5e-7000-8000-000000000001", "arguments": {"name": "x", "level": 3.0}, "notBefore": "2030-01-31T06:00:00+02:00",
             "then": [{"kind": "probe", "arguments": {"name": "{{result.a}}"}}]}
            """);

        Assert.Equal(("probe", new Guid("0190b7a3-5c5e-7000-8000-000000000001")), (request.Kind, request.Id));
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 4, 0, 0, TimeSpan.Zero), request.NotBefore);
        Assert.Equal("3", request.Arguments.GetProperty("level").GetRawText());
        Assert.Equal("probe", Assert.Single(request.Then).Kind);
    }

    [Fact]
    public void Read_TakesTheBodyOfAMessage_WithTheKindBesideIt()
    {
        JobRequest request = Read("""{"schemaVersion": 1, "arguments": {"name": "x", "level": null}, "then": null}""", "probe");

        Assert.Equal(("probe", """{"name":"x"}"""), (request.Kind, request.Arguments.GetRawText()));
        Assert.NotEqual(Guid.Empty, request.Id);
        Assert.Equal("probe", Read("""{"schemaVersion": 1, "kind": "probe", "arguments": {"name": "x"}}""").Kind);
    }

    [Fact]
    public void Read_GivesEachReadingAnIdOfItsOwn() =>
        Assert.NotEqual(Read("""{"kind": "probe", "arguments": {"name": "x"}}""").Id, Read("""{"kind": "probe", "arguments": {"name": "x"}}""").Id);

    [Fact]
    public void Read_NamesLineFieldAndWhatIsNeeded_OfEveryFault()
    {
        string[] faults = Faults(
            """
            {
              "kind": "probe",
              "notBefore": "2030-01-31T06:00:00",
              "arguments": {
                "name": "x",
                "level": 11
              },
              "then": [
                {
                  "kind": "probe",
                  "arguments": { "colour": 1 }
                },
                { "kind": "sing", "arguments": {} }
              ]
            }
            """);

        Assert.Equal(
            [
                "line 3: notBefore: a time with its offset from UTC, such as \"2030-01-31T06:00:00Z\", is needed, this is \"2030-01-31T06:00:00\"",
                "line 6: arguments.level: a value from 1 to 10 is needed, this is 11",
                "line 11: then[0].arguments.colour: unknown field; known are name, level, laneCount, pause, steps, note",
                "line 11: then[0].arguments.name: is required",
                "line 13: then[1].kind: \"sing\" is no kind of job; known kinds are probe",
            ],
            faults);
    }

    [Theory]
    [InlineData("""{"arguments": {"name": "x"}}""", null, "line 1: kind: is required, and is one of probe")]
    [InlineData("""{"schemaVersion": 1, "arguments": {"name": "x"}}""", null, "give it with --kind")]
    [InlineData("""{"kind": "sing", "arguments": {}}""", null, "line 1: kind: \"sing\" is no kind of job; known kinds are probe")]
    [InlineData("""{"kind": 7, "arguments": {}}""", null, "line 1: kind: a string is needed, this is 7")]
    [InlineData("""{"schemaVersion": 1, "arguments": {}}""", "sing", "line 1: kind: \"sing\" is no kind of job")]
    [InlineData("""{"schemaVersion": 2, "arguments": {}}""", "probe", "schemaVersion: 1 is needed, this is 2")]
    [InlineData("""{"kind": "probe"}""", null, "line 1: arguments: is required")]
    [InlineData("""{"kind": "probe", "arguments": {"name": "x"}, "schedule": "nightly"}""", null, "line 1: schedule: unknown field; known are ")]
    [InlineData("[]", null, "document: a JSON object is needed, this is a list")]
    [InlineData("null", null, "document: a JSON object is needed, this is null")]
    [InlineData("", null, "document: is no JSON: it is empty")]
    [InlineData("{\n  \"kind\": \"probe\",\n  arguments: {}\n}", null, "document: is no JSON: a field's name in double quotes is needed in the place of 'a' (line 3, column 3)")]
    [InlineData("{\n  \"kind\": \"probe\"", null, "document: is no JSON: it ends before it is complete (line 2")]
    public void Read_RefusesInItsOwnWords(string document, string? kind, string expected)
    {
        string fault = Assert.Single(Faults(document, kind));

        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("HrNetBatch.", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RefusesAKindThatTheDocumentContradicts() => Assert.Equal(
        "line 1: kind: the document asks for probe, and --kind for hum; leave one of them out",
        Assert.Single(Faults("""{"kind": "probe", "arguments": {"name": "x"}}""", "hum")));

    private static JobRequest Read(string document, string? kind = null) => JobDocument.Read(Encoding.UTF8.GetBytes(document), kind, Kinds);

    private static string[] Faults(string document, string? kind = null) =>
        [.. Assert.Throws<JobDocumentException>(() => Read(document, kind)).Faults];
}
