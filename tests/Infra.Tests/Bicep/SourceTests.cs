using System.Text.Json.Nodes;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>The sources as such: they compile without a word, are formatted, and say what each parameter is for.</summary>
public sealed class SourceTests
{
    [Fact]
    public async Task Build_SaysNothing_AndEveryParameterSaysWhatItIsFor()
    {
        BicepResult built = await BicepCli.RunAsync(BicepCli.Source, "build", "main.bicep", "--stdout"); // and lints
        List<string> mute = [];

        built.ShouldBeClean();
        CollectMute(JsonNode.Parse(built.Output)!.AsObject(), "main", mute);
        Assert.Empty(mute);
    }

    [Fact]
    public async Task Build_FindsAMisspeltProperty_AnUnusedParameter_AndAMuteOne()
    {
        using TemporaryFolder copy = BicepCli.Copy();
        string module = copy.File("modules/service-bus.bicep");
        File.WriteAllText(module, File.ReadAllText(module).Replace("disableLocalAuth", "disableLocalAuht", StringComparison.Ordinal) + "\nparam mute string = ''\n");

        BicepResult built = await BicepCli.RunAsync(copy.Path, "build", "main.bicep", "--stdout");

        Assert.Contains("disableLocalAuht", built.Errors, StringComparison.Ordinal);
        Assert.Contains("no-unused-params", built.Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, built.ExitCode);
    }

    [Fact]
    public async Task EveryFile_IsFormatted()
    {
        using TemporaryFolder copy = BicepCli.Copy();
        foreach (string pattern in (string[])["**/*.bicep", "*.bicepparam"])
            (await BicepCli.RunAsync(copy.Path, "format", "--pattern", pattern)).ShouldBeClean();

        foreach (string file in BicepCli.Files())
        {
            Assert.True(
                File.ReadAllText(copy.File(file)) == File.ReadAllText(Path.Combine(BicepCli.Source, file)),
                $"infra/bicep/{file} is not formatted: run `bicep format {file}`.");
        }
    }

    // A template, and those of its modules.
    private static void CollectMute(JsonObject template, string module, List<string> mute)
    {
        foreach (string section in (string[])["parameters", "outputs", "definitions"])
        {
            foreach (var (name, declaration) in template[section]?.AsObject() ?? [])
            {
                if (!name.StartsWith('_') && string.IsNullOrWhiteSpace(declaration?["metadata"]?["description"]?.ToString()))
                    mute.Add($"{module}: {section} {name}");
            }
        }
        // By name in templates that Bicep compiles for types, a list in the others.
        IEnumerable<JsonNode?> resources = template["resources"] is JsonObject named ? named.Select(resource => resource.Value) : template["resources"]!.AsArray();
        foreach (JsonNode? resource in resources)
        {
            if (resource?["type"]?.ToString() == "Microsoft.Resources/deployments")
                CollectMute(resource["properties"]!["template"]!.AsObject(), resource["name"]!.ToString(), mute);
        }
    }
}
