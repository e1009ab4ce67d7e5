using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>The environment that a container app gives its container.</summary>
internal static partial class Variables
{
    // What Azure would answer for a property of a resource that does not exist yet.
    private static readonly Dictionary<string, string> Answers = new()
    {
        ["clientId"] = "33333333-3333-3333-3333-333333333333",
        ["defaultDomain"] = "calmsea-12345678.swedencentral.azurecontainerapps.io",
        ["loginServer"] = "hrnetabc.azurecr.io",
        ["primaryEndpoints.blob"] = "https://hrnetabc.blob.core.windows.net/",
    };

    /// <summary>Names and values, as the container would see them.</summary>
    public static Dictionary<string, string> Of(Resource app) =>
        app["properties.template.containers"]![0]!["env"]!.AsArray().ToDictionary(Name, variable => Settled(variable!["value"]!.ToString()));

    /// <summary>A value of a snapshot: as it is, or, where it is an expression, with Azure's answers put in.</summary>
    public static string Settled(string value)
    {
        if (!value.StartsWith('[')) return value;
        string expression = Reference().Replace(value[1..^1], match => $"'{Answers[match.Groups[1].Value]}'");
        while (Format().Match(expression) is { Success: true } format)
        {
            object[] arguments = [.. format.Groups[2].Captures.Select(argument => argument.Value)];
            expression = expression.Replace(format.Value, $"'{string.Format(CultureInfo.InvariantCulture, format.Groups[1].Value, arguments)}'", StringComparison.Ordinal);
        }
        Assert.Matches("^'[^']*'$", expression); // anything else is a function that is not known here
        return expression[1..^1];
    }

    private static string Name(JsonNode? variable) => variable!["name"]!.ToString();

    [GeneratedRegex(@"reference\('[^']*', '[^']*'\)\.([\w.]+)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"format\('([^']*)'(?:, '([^']*)')+\)")]
    private static partial Regex Format();
}
