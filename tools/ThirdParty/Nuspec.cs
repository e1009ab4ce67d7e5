using System.Xml.Linq;

namespace HrNetBatch.ThirdParty;

/// <summary>What a package says of itself.</summary>
internal static class Nuspec
{
    // Packages older than licence expressions: the address of their licence is all they have.
    private static readonly Dictionary<string, string> LicensesByAddress = new()
    {
        ["https://github.com/MiloszKrajewski/K4os.Compression.LZ4/blob/master/LICENSE?raw=true"] = "MIT",
        ["https://github.com/dotnet/corefx/blob/master/LICENSE.TXT"] = "MIT",
    };

    /// <summary>Reads the .nuspec of an unpacked package.</summary>
    public static Package Describe(string version, string folder, string sha512)
    {
        string file = Directory.EnumerateFiles(folder, "*.nuspec").Single();
        XElement metadata = XDocument.Load(file).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
        string? Text(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value.Trim();
        string? repository = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "repository")?.Attribute("url")?.Value;
        string id = Text("id")!;
        XElement? license = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "license");
        return new Package(id, version, License(id, license, Text("licenseUrl"), folder), Text("authors") ?? "", Text("projectUrl") ?? repository, folder, sha512);
    }

    private static string License(string id, XElement? license, string? address, string folder)
    {
        if (license?.Attribute("type")?.Value == "expression") return license.Value.Trim();
        if (license is not null && LicenseText.Identify(File.ReadAllText(Path.Combine(folder, license.Value.Trim().Replace('\\', '/')))) is { } identified)
            return identified;
        if (address is not null && LicensesByAddress.TryGetValue(address, out string? known)) return known;
        throw new InvalidDataException(
            $"{id} comes under a licence that nobody has looked at ({license?.Value ?? address ?? "none given"}, in {folder}). "
            + "Read it; then teach tools/ThirdParty/LicenseText.cs or Nuspec.cs its SPDX name.");
    }
}
