using System.Reflection;
using System.Runtime.CompilerServices;
using HrNetBatch.ThirdParty;

// From where this file was compiled, so that the working folder does not matter.
string repository = Path.GetFullPath(Path.Combine(Here(), "..", ".."));
try
{
    switch (args)
    {
        case ["notices"]:
            string file = Path.Combine(repository, "THIRD-PARTY-NOTICES.md");
            await File.WriteAllTextAsync(file, Notices.Write(repository, ShippedPackages.Read(repository)));
            Console.WriteLine(file);
            return 0;
        case ["sbom", string target]:
            string version = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
            await File.WriteAllTextAsync(target, Sbom.Write(version, ShippedPackages.Read(repository), TimeProvider.System.GetUtcNow()));
            Console.WriteLine(target);
            return 0;
        case ["texts", string folder]:
            Console.WriteLine($"{LicenseText.Collect(ShippedPackages.Read(repository), folder)} licences and notices in {folder}");
            return 0;
        default:
            await Console.Error.WriteLineAsync("""
                dotnet run --project tools/ThirdParty -- notices         writes THIRD-PARTY-NOTICES.md
                dotnet run --project tools/ThirdParty -- sbom FILE       writes a bill of materials (CycloneDX 1.6, JSON)
                dotnet run --project tools/ThirdParty -- texts FOLDER    collects the licences and notices that the packages carry
                """);
            return 2;
    }
}
catch (InvalidDataException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 1;
}

static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
