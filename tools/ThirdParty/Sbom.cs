using System.Text.Json;
using System.Text.Json.Nodes;

namespace HrNetBatch.ThirdParty;

/// <summary>A bill of materials in CycloneDX 1.6.</summary>
public static class Sbom
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    /// <summary>The document's JSON.</summary>
    /// <param name="version">Our own version.</param>
    /// <param name="packages">What is shipped.</param>
    /// <param name="made">When it is made.</param>
    public static string Write(string version, IEnumerable<Package> packages, DateTimeOffset made)
    {
        string self = $"pkg:generic/hrnetbatch@{version}";
        JsonObject[] components = [.. packages.Select(Component)];
        var document = new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["serialNumber"] = $"urn:uuid:{Guid.NewGuid()}",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["timestamp"] = made.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
                ["component"] = new JsonObject { ["type"] = "application", ["bom-ref"] = self, ["name"] = "HrNetBatch", ["version"] = version, ["purl"] = self },
            },
            ["components"] = new JsonArray([.. components]),
            ["dependencies"] = new JsonArray(new JsonObject
            {
                ["ref"] = self,
                ["dependsOn"] = new JsonArray([.. components.Select(component => (JsonNode)component["bom-ref"]!.GetValue<string>())]),
            }),
        };
        return document.ToJsonString(Format);
    }

    private static JsonObject Component(Package package)
    {
        string address = $"pkg:nuget/{package.Id}@{package.Version}";
        var component = new JsonObject
        {
            ["type"] = "library",
            ["bom-ref"] = address,
            ["authors"] = new JsonArray(new JsonObject { ["name"] = package.Authors }),
            ["name"] = package.Id,
            ["version"] = package.Version,
            ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(package.Sha512)) }),
            ["licenses"] = new JsonArray(License(package.License)),
            ["purl"] = address,
        };
        if (package.Address is not null)
            component["externalReferences"] = new JsonArray(new JsonObject { ["type"] = "website", ["url"] = package.Address });
        return component;
    }

    private static JsonObject License(string expression) => expression.Contains(' ', StringComparison.Ordinal)
        ? new() { ["expression"] = expression }
        : new() { ["license"] = new JsonObject { ["id"] = expression } };
}
