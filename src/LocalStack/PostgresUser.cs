using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HrNetBatch.LocalStack;

/// <summary>
/// Whom PostgreSQL runs as: us, or, because it refuses to run as root, the user <c>nobody</c>. That user gets the cluster and
/// nothing else: what we read and write stays in a folder of ours.
/// </summary>
internal sealed class PostgresUser
{
    private const string Nobody = "nobody";
    private readonly string[] _prefix;
    private readonly string? _owner;   // USER:GROUP of the cluster; null when it is ours

    private PostgresUser(string folder, string place, string[] prefix, string? owner)
    {
        (Folder, DataFolder, _prefix, _owner) = (folder, Path.Combine(place, "data"), prefix, owner);
    }

    /// <summary>The folder asked for, ours alone: log, lock, port and password.</summary>
    public string Folder { get; }

    /// <summary>The cluster: in <see cref="Folder"/>, or where <c>nobody</c> can reach it when that lies in a private home.</summary>
    public string DataFolder { get; }

    /// <summary>Chooses the user for a cluster and makes the folder around it.</summary>
    public static PostgresUser Prepare(string folder)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            PrivateFolder.Make(folder);
            return new PostgresUser(folder, folder, [], null);
        }

        string user = Read("id", "-u", Nobody) ?? throw Refused($"there is no user `{Nobody}`");
        string group = Read("id", "-g", Nobody) ?? throw Refused($"there is no user `{Nobody}`");
        if (Read("setpriv", "--version") is null) throw Refused("`setpriv` (package util-linux) was not found");
        uint number = uint.Parse(user, CultureInfo.InvariantCulture);
        bool isReachable = CanBeReachedByOthers(Path.GetDirectoryName(folder)!);
        TakeBack(folder, number);
        PrivateFolder.Make(folder, isReachable ? PrivateFolder.Passable : PrivateFolder.Closed);
        string place = isReachable ? folder : PlaceOutside(folder, number);
        var postgres = new PostgresUser(folder, place, ["setpriv", "--reuid", Nobody, "--regid", group, "--clear-groups"], $"{user}:{group}");
        if (FileEntry.At(postgres.DataFolder) is { } data && (data.Kind != FileEntryKind.Folder || data.Owner != number))
            throw Refused($"{postgres.DataFolder} is not a folder of the user `{Nobody}`; remove it, or start with another data folder");
        return postgres;
    }

    /// <summary>The command as this user runs it.</summary>
    public string[] Run(params string[] command) => [.. _prefix, .. command];

    /// <summary>Gives what we made to this user. It lies in a folder of ours, so nobody can have put something else there.</summary>
    public void GiveAway(string path)
    {
        if (_owner is not null && Read("chown", "--no-dereference", _owner, path) is null) throw Refused($"{path} cannot be given to `{Nobody}`");
    }

    /// <summary>Throws when this user cannot start the program.</summary>
    public void CheckCanRun(string binaries)
    {
        if (_prefix.Length == 0 || CanBeReachedByOthers(binaries)) return;
        throw Refused($"the user `{Nobody}` cannot reach {binaries}; move it out of a private folder (HRNET_CACHE says where downloads go)");
    }

    /// <summary>A place below a folder that only root can write; or where earlier versions kept this cluster, if root made that folder.</summary>
    private static string PlaceOutside(string folder, uint nobody)
    {
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..12];
        const string Earlier = "/var/tmp/hrnet-batch", Root = "/var/lib/hrnet-batch";
        bool isEarlier = PrivateFolder.IsPrivate(Earlier) && FileEntry.At(Path.Combine(Earlier, name)) is { Kind: FileEntryKind.Folder };
        string root = isEarlier ? Earlier : Root, place = Path.Combine(root, name);
        TakeBack(place, nobody);
        PrivateFolder.Make(root, PrivateFolder.Passable);
        PrivateFolder.Make(place, PrivateFolder.Passable);
        return place;
    }

    /// <summary>Earlier versions gave the whole folder away. We take it back, and trust nothing in it that we would write to: the cluster stays.</summary>
    private static void TakeBack(string folder, uint nobody)
    {
        if (FileEntry.At(folder) is not { Kind: FileEntryKind.Folder } entry || entry.Owner != nobody) return;
        if (Read("chown", "--no-dereference", "0:0", folder) is null) throw Refused($"{folder} cannot be taken back from `{Nobody}`");
        foreach (string file in Directory.EnumerateFiles(folder)) File.Delete(file);
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
