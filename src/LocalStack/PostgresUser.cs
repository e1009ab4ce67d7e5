using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace HrNetBatch.LocalStack;

/// <summary>
/// Whom PostgreSQL runs as: us, or, because it refuses to run as root, the user <c>nobody</c> in a folder that this user can reach.
/// </summary>
internal sealed class PostgresUser
{
    private const string Nobody = "nobody";
    private readonly string[] _prefix;

    private PostgresUser(string folder, string[] prefix)
    {
        Folder = folder;
        _prefix = prefix;
    }

    /// <summary>The folder of the cluster: the one asked for, or another one under /var/tmp when nobody cannot reach that.</summary>
    public string Folder { get; }

    /// <summary>Chooses the user for a cluster and makes its folder.</summary>
    public static PostgresUser Prepare(string folder)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory(folder);
            return new PostgresUser(folder, []);
        }

        string group = Read("id", "-g", Nobody) ?? throw Refused($"there is no user `{Nobody}`");
        if (Read("setpriv", "--version") is null) throw Refused("`setpriv` (package util-linux) was not found");
        if (!CanBeReachedByOthers(Path.GetDirectoryName(folder)!))
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..12];
            folder = $"/var/tmp/hrnet-batch/{hash}";
        }
        Directory.CreateDirectory(folder);
        if (Read("chown", "-R", $"{Nobody}:{group}", folder) is null) throw Refused($"{folder} cannot be given to `{Nobody}`");
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new PostgresUser(folder, ["setpriv", "--reuid", Nobody, "--regid", group, "--clear-groups"]);
    }

    /// <summary>The command as this user runs it.</summary>
    public string[] Run(params string[] command) => [.. _prefix, .. command];

    /// <summary>Throws when this user cannot start the program.</summary>
    public void CheckCanRun(string binaries)
    {
        if (_prefix.Length == 0 || CanBeReachedByOthers(binaries)) return;
        throw Refused($"the user `{Nobody}` cannot reach {binaries}; move it out of a private folder (HRNET_CACHE says where downloads go)");
    }

    private static bool CanBeReachedByOthers(string folder)
    {
        for (DirectoryInfo? level = new(folder); level is not null; level = level.Parent)
        {
            if (level.Exists && !level.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) return false;
        }
        return true;
    }

    private static LocalStackException Refused(string reason) => new(
        $"PostgreSQL does not run as root, and {reason}. Run this as another user, or set HrNetBatch__Ledger__ConnectionString "
        + "to a server of yours.");

    private static string? Read(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
