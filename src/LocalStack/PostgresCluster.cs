using System.Security.Cryptography;
using System.Text;

namespace HrNetBatch.LocalStack;

/// <summary>
/// A cluster's files: made, and locked with a password of its own, because every user of the machine reaches a port on the
/// loopback interface, and who writes the ledger's database decides what workers do.
/// </summary>
internal sealed class PostgresCluster(string binaries, PostgresUser user, string logFile)
{
    /// <summary>PostgreSQL's superuser in it.</summary>
    public const string Superuser = "hrnet";

    private const string Rules = """
        # Every connection shows its password: the address of this machine is no proof of who somebody is.
        local all all           scram-sha-256
        host  all all 0.0.0.0/0 scram-sha-256
        host  all all ::/0      scram-sha-256

        """;

    /// <summary>Holds the superuser's password; it lies in a folder of ours, and is written when the cluster demands it.</summary>
    public string PasswordFile => Path.Combine(user.Folder, "password");

    /// <summary>True when there is a cluster.</summary>
    public bool Exists => File.Exists(Path.Combine(user.DataFolder, "PG_VERSION"));

    /// <summary>Makes the cluster when there is none, and locks one that an earlier version left open. No server may run on it.</summary>
    /// <returns>The superuser's password.</returns>
    public async Task<string> PrepareAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        // A file that a full disk or a power cut left empty, or full of zeros, is as good as none.
        if (Exists && File.Exists(PasswordFile) && (await File.ReadAllTextAsync(PasswordFile, cancellationToken)).Trim() is { Length: > 0 } kept && kept.All(char.IsAsciiLetterOrDigit))
            return kept;
        string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        if (Exists)
        {
            progress?.Report($"Giving the PostgreSQL cluster in {user.DataFolder} a password");
            await LockAsync(password, cancellationToken);
        }
        else
        {
            progress?.Report($"Making a PostgreSQL cluster in {user.DataFolder}");
            await MakeAsync(password, cancellationToken);
        }

        // A crash before this line costs nothing: without the file, the next start sets another password.
        PrivateFile.Write(PasswordFile, Encoding.ASCII.GetBytes(password + "\n"));
        return password;
    }

    private async Task MakeAsync(string password, CancellationToken cancellationToken)
    {
        string making = user.DataFolder + ".making", passwordOnce = user.DataFolder + ".password";
        await EraseAsync(making, cancellationToken);   // an initdb that was killed
        await EraseAsync(user.DataFolder, cancellationToken);   // the same, of an earlier version
        PrivateFolder.Make(making);
        user.GiveAway(making);
        PrivateFile.Write(passwordOnce, Encoding.ASCII.GetBytes(password + "\n"));
        user.GiveAway(passwordOnce);
        string[] initdb =
        [
            Path.Combine(binaries, "initdb"), "-D", making, "-U", Superuser, "-A", "scram-sha-256", $"--pwfile={passwordOnce}",
            "-E", "UTF8", "--locale=C", "--no-sync",
        ];
        string log = logFile + ".initdb";
        int exitCode = await ChildProcess.RunAsync(user.Run(initdb), log, cancellationToken);
        File.Delete(passwordOnce);
        if (exitCode != 0) throw Failed("initdb", exitCode, log);

        // A cluster under its final name is always complete.
        Directory.Move(making, user.DataFolder);
    }

    private async Task LockAsync(string password, CancellationToken cancellationToken)
    {
        // Single-user mode: nobody can connect while the password is set, and none of its users is asked for one.
        string[] single =
        [
            Path.Combine(binaries, "postgres"), "--single", "-D", user.DataFolder, "-c", "password_encryption=scram-sha-256",
            "-c", "exit_on_error=on", "postgres",
        ];
        string log = logFile + ".password";
        int exitCode = await ChildProcess.RunWithInputAsync(
            user.Run(single), $"ALTER ROLE {Superuser} PASSWORD '{password}'\n", log, cancellationToken);
        if (exitCode != 0) throw Failed("postgres --single", exitCode, log);

        // As the cluster's owner, so that a link which that user planted leads nowhere that it could not write itself.
        string[] replace = ["/bin/sh", "-c", "cat >\"$0.new\" && mv -f \"$0.new\" \"$0\"", Path.Combine(user.DataFolder, "pg_hba.conf")];
        log = logFile + ".hba";
        exitCode = await ChildProcess.RunWithInputAsync(user.Run(replace), Rules, log, cancellationToken);
        if (exitCode != 0) throw Failed("writing pg_hba.conf", exitCode, log);
    }

    /// <summary>Removes a folder of the cluster's owner: what it holds as that owner, whatever links it may have put there.</summary>
    private async Task EraseAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder)) return;
        await ChildProcess.RunAsync(user.Run("find", folder, "-mindepth", "1", "-delete"), logFile + ".erase", cancellationToken);
        Directory.Delete(folder);
    }

    private static LocalStackException Failed(string what, int exitCode, string log) =>
        new($"{what} failed with exit code {exitCode}. The end of {log}:\n{ChildProcess.LastLines(log)}");
}
