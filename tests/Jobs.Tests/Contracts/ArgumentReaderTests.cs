using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Kinds.Validate;

namespace HrNetBatch.Jobs.Tests.Contracts;

public sealed class ArgumentReaderTests
{
    private static readonly JobKinds Kinds = new(JobKind.Of<ProbeArguments>());

    [Theory]
    [InlineData("""{"name": "x", "colour": 1}""", "colour: unknown field; known are name, level, pause, steps, note")]
    [InlineData("""{"level": 2}""", "name: is required")]
    [InlineData("""{"name": null}""", "name: must not be null")]
    [InlineData("""{"name": ""}""", "name: a value is needed, this is \"\"")]
    [InlineData("""{"Name": "x"}""", "Name: unknown field")]
    [InlineData("""{"name": "x", "name": "y"}""", "name: given twice")]
    [InlineData("""{"name": "x", "level": "three"}""", "level: a whole number is needed, this is \"three\"")]
    [InlineData("""{"name": "x", "level": 1.5}""", "level: a whole number is needed, this is 1.5")]
    [InlineData("""{"name": "x", "level": 11}""", "level: a value from 1 to 10 is needed, this is 11")]
    [InlineData("""{"name": "x", "pause": "soon"}""", "pause: a duration such as \"00:05:00\" is needed, this is \"soon\"")]
    [InlineData("""{"name": "x", "steps": [1, "two"]}""", "steps: a list of whole numbers is needed, this is [1, \"two\"]")]
    [InlineData("""{"name": "x", "note": "x"}""", "note: must differ from name")]
    [InlineData("""[1]""", "arguments: a JSON object is needed, this is [1]")]
    public void Parse_NamesTheFieldAtFault(string json, string fault)
    {
        JobArgumentsException refusal = Assert.Throws<JobArgumentsException>(() => Kinds.Parse("probe", Json(json)));

        Assert.Contains(refusal.Faults, found => found.StartsWith(fault[..Math.Min(fault.Length, 40)], StringComparison.Ordinal));
        Assert.Contains("probe job", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ListsEveryFaultAtOnce()
    {
        JobArgumentsException refusal = Assert.Throws<JobArgumentsException>(() => Kinds.Parse("probe", Json("""{"level": 0, "colour": 1, "pause": 5}""")));

        Assert.Equal(["level", "colour", "pause", "name"], refusal.Faults.Select(fault => fault.Split(':')[0]));
    }

    [Fact]
    public void Parse_ListsTheKnownKinds_WhenTheKindIsUnknown()
    {
        JobArgumentsException refusal = Assert.Throws<JobArgumentsException>(() => KindTable.Default.Parse("trian", Json("{}")));

        Assert.Contains("classify, export, train, validate", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_GivesTheDefaults()
    {
        ProbeArguments arguments = Assert.IsType<ProbeArguments>(Kinds.Parse("probe", Json("""{"name": "x"}""")));

        Assert.Equal((1, TimeSpan.FromMinutes(5)), (arguments.Level, arguments.Pause));
    }

    [Fact]
    public void Check_LetsAFollowerTakeAnyFieldFromItsParent_AndChecksTheOthers()
    {
        JobRequest parent = JobRequest.For(new ProbeArguments { Name = "x" });
        Kinds.Check(parent with { Then = [Follower("""{"name": "{{result.a}}", "level": "{{result.b}}"}""")] });

        JobArgumentsException refusal = Assert.Throws<JobArgumentsException>(() =>
            Kinds.Check(parent with { Then = [Follower("""{"name": "{{result.a}}", "level": 99}""")] }));
        Assert.StartsWith("then[0].arguments.level:", Assert.Single(refusal.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NamesThePlaceOfEveryFaultOfAFollower()
    {
        JobRequest parent = JobRequest.For(new ProbeArguments { Name = "x" });
        JobRequest good = Follower("""{"name": "y"}""");

        JobArgumentsException refusal = Assert.Throws<JobArgumentsException>(() => Kinds.Check(parent with
        {
            Then = [good with { Then = [Follower("""{"level": 0}"""), good with { Kind = "sing" }] }, Follower("[1]")],
        }));

        Assert.Equal(
            [
                "then[0].then[0].arguments.level: a value from 1 to 10 is needed, this is 0",
                "then[0].then[0].arguments.name: is required",
                "then[0].then[1].kind: \"sing\" is no kind of job; known kinds are probe",
                "then[1].arguments: a JSON object is needed, this is [1]",
            ],
            refusal.Faults);
    }

    [Theory]
    [InlineData("{{result.best}}", "blob://local/results/run", null)]
    [InlineData("{{result.best}}", "{{result.output}}results", null)]
    [InlineData("{{result.best}}/../final_state.pth.tar", "blob://local/results/run", "checkpoint")]
    [InlineData("{{result.best}}", "blob://local/results/{{result.model}}/../../other", "output")]
    public void TheRealKinds_RefusePathsThatNoResultCouldMend(string checkpoint, string output, string? atFault)
    {
        JobRequest classify = JobRequest.For(new ClassifyArguments { Input = "blob://local/images/", Checkpoint = checkpoint, Output = output });
        JobRequest validate = JobRequest.For(new ValidateArguments { Checkpoint = "blob://local/models/best.pth.tar", Data = "blob://local/shards/" });

        Exception? refused = Record.Exception(() => KindTable.Default.Check(validate with { Then = [classify] }));

        if (atFault is null)
            Assert.Null(refused);
        else
            Assert.Contains(Assert.IsType<JobArgumentsException>(refused).Faults, fault => fault.Contains($"{atFault}:", StringComparison.Ordinal) && fault.Contains("'..'", StringComparison.Ordinal));
    }

    [Fact]
    public void TheRealKinds_AcceptWhatTheyWrite_AndRefuseAMistypedBlob()
    {
        ClassifyArguments classify = new() { Input = "blob://local/images/", Checkpoint = "blob://local/models/best.pth.tar", Output = "blob://local/results/run" };
        JobRequest request = JobRequest.For(classify);
        Assert.Equal(classify, Assert.IsType<ClassifyArguments>(KindTable.Default.Check(request)));
        KindTable.Default.Check(JobRequest.For(new TrainArguments
        {
            Data = "blob://local/shards/train-{000..009}.tar",
            Variant = "w18_small_v1",
            ClassCount = 9,
            ImageSize = 64,
            Output = "blob://local/models/run",
        }));

        JobArgumentsException refusal = Assert.Throws<JobArgumentsException>(() =>
            KindTable.Default.Check(JobRequest.For(classify with { Input = "/home/me/images", Format = "xml", ImageSize = 100 })));
        Assert.Equal(["input", "format"], refusal.Faults.Select(fault => fault.Split(':')[0]));
    }

    private static JobRequest Follower(string arguments) => new() { Kind = "probe", Arguments = Json(arguments) };

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
}
