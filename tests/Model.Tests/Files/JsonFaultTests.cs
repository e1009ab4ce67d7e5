using System.Text.Json;
using HrNetBatch.Wording;

namespace HrNetBatch.Model.Tests.Files;

public sealed class JsonFaultTests
{
    private sealed record Part(int Count)
    {
        public required string Name { get; init; }
    }

    public static TheoryData<string, string> Texts => new()
    {
        { "", "it is empty" },
        { "{\"name\": ", "it ends before it is complete (line 1, column 10)" },
        { "{\n  \"name\": <html>", "no value begins with '<' (line 2, column 11)" },
        { "{name: 1}", "a field's name in double quotes is needed in the place of 'n' (line 1, column 2)" },
        { "{\"name\" 1}", "a colon is needed in the place of '1', behind a field's name (line 1, column 9)" },
        { "{\"name\": 1 2}", "a comma or a closing bracket is needed in the place of '2' (line 1, column 12)" },
        { "{\"name\": 1,}", "a comma stands before a closing bracket (line 1, column 12)" },
        { "[[]] {}", "behind its end stands '{' (line 1, column 6)" },
        { "]", "no value begins with ']' (line 1, column 1)" },
        { "{\"name\": \"a\nb\"}", "a text holds '0x0A', which must be escaped there, as \\n or \\u001b (line 1, column 12)" },
        { "{\"name\": 01}", "a number is not written as JSON writes it, at '1' (line 1, column 11)" },
        { "{\"name\": 1.x}", "a number is not written as JSON writes it, at 'x' (line 1, column 12)" },
        { "{\"name\": nul}", "'nul}' is none of true, false and null, and no text in double quotes (line 1, column 13)" },
        { new string('[', 70), "its lists and objects lie more than 64 deep in one another (line 1, column 65)" },
        { "{\"Count\": 1}", "it lacks the field Name" },
        { "{\"Name\": 7}", "Name has a value of another type (line 1, column 12)" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Of_SaysWhatIsWrong_InOurWords(string json, string expected) =>
        Assert.Equal(expected, JsonFault.Of(Assert.ThrowsAny<JsonException>(() => json.StartsWith("[[", StringComparison.Ordinal) ? (object?)JsonDocument.Parse(json) : JsonSerializer.Deserialize<Part>(json))));

    [Fact]
    public void Of_KeepsWhatWeSaidOurselves() => Assert.Equal("it is of version 3", JsonFault.Of(new JsonException("it is of version 3")));

    [Fact]
    public void Of_NeverHandsOnWhatItDoesNotKnow() => Assert.Equal("it is no JSON", JsonFault.Of(new JsonException("Utf8JsonReader: unexpected state.")));
}
