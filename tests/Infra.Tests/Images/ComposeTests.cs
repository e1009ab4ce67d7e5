using HrNetBatch.Infra.Tests.Lint;
using HrNetBatch.Infra.Tests.Programs;
using HrNetBatch.TestKit;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace HrNetBatch.Infra.Tests.Images;

/// <summary>compose.yaml, which cannot be started here.</summary>
public sealed class ComposeTests
{
    private static readonly string ComposeFile = Path.Combine(Repository.Root, "compose.yaml");
    private static readonly Dictionary<object, object> Services = (Dictionary<object, object>)Read()["services"];

    public static TheoryData<string> Names => [.. Services.Keys.Cast<string>()];

    [Fact]
    public Task TheSchemaOfCompose_FindsNothing() => Linters.FindNothingAsync("compose", ComposeFile);

    [Theory, InlineData("worker"), InlineData("worker-gpu"), InlineData("dashboard")]
    public void TheEnvironmentOfOurPrograms_BindsToTheirOptions(string service)
    {
        var environment = (Dictionary<object, object>)Service(service)["environment"];
        Assert.Contains("HrNetBatch__Ledger__ConnectionString", environment.Keys);
        ProgramOptions program = service == "dashboard" ? ProgramOptions.Dashboard : ProgramOptions.Worker;
        Assert.Empty(program.Faults(environment.ToDictionary(one => (string)one.Key, one => (string)one.Value)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Ports_AreThisMachinesAlone(string service)
    {
        if (Service(service).TryGetValue("ports", out object? ports))
            Assert.All((List<object>)ports, port => Assert.StartsWith("127.0.0.1:", (string)port, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Names))]
    public void Images_ArePinned_OrBuiltFromADockerfileThatIsThere(string service)
    {
        if (Service(service).TryGetValue("image", out object? image))
        {
            Assert.Matches(@":\d+\.\d+", (string)image);
            return;
        }
        var build = (Dictionary<object, object>)Service(service)["build"];
        string dockerfile = Path.Combine(Repository.Root, (string)build["context"], (string)build["dockerfile"]);
        Assert.True(File.Exists(dockerfile), dockerfile);
        if (!build.TryGetValue("args", out object? arguments)) return;
        string text = File.ReadAllText(dockerfile);
        Assert.All(((Dictionary<object, object>)arguments).Keys, name => Assert.Contains($"ARG {name}=", text, StringComparison.Ordinal));
    }

    private static Dictionary<object, object> Service(string name) => (Dictionary<object, object>)Services[name];

    private static Dictionary<object, object> Read()
    {
        using var text = new StringReader(File.ReadAllText(ComposeFile));
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(text)));
    }
}
