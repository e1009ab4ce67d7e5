using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HrNetBatch.TestKit;
using YamlDotNet.RepresentationModel;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>azure.yaml and the parameters that the Azure Developer CLI fills in fit main.bicep.</summary>
public sealed partial class AzdTests
{
    [Fact]
    public void AzureYaml_LeadsToMainBicep()
    {
        YamlStream yaml = [];
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(Repository.Root, "azure.yaml"))));
        YamlNode infra = yaml.Documents[0].RootNode["infra"];

        Assert.Equal("bicep", infra["provider"].ToString());
        Assert.True(File.Exists(Path.Combine(Repository.Root, infra["path"].ToString(), $"{infra["module"]}.bicep")));
        Assert.True(File.Exists(Path.Combine(Repository.Root, infra["path"].ToString(), $"{infra["module"]}.parameters.json")));
    }

    [Fact]
    public void AzdsParameters_AreParametersOfMain_AndAllThatItNeeds()
    {
        var declared = Parameter().Matches(File.ReadAllText(Path.Combine(BicepCli.Source, "main.bicep")))
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Success);
        string[] given = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(BicepCli.Source, "main.parameters.json")))!["parameters"]!.AsObject().Select(entry => entry.Key)];

        Assert.Empty(given.Except(declared.Keys));
        string[] needed = [.. declared.Where(parameter => !parameter.Value).Select(parameter => parameter.Key)];
        Assert.NotEmpty(needed);
        Assert.Empty(needed.Except(given));
    }

    [GeneratedRegex(@"^param (?<name>\w+) [^=\n]+(?<value>=)?", RegexOptions.Multiline)]
    private static partial Regex Parameter();
}
