using System.Diagnostics;
using System.Runtime.Versioning;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.LocalStack;

/// <summary>Folders whose paths can be guessed: somebody else may have been there first.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PrivateFolderTests
{
    private const UnixFileMode OpenToAll = PrivateFolder.Closed | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public void Folder_IsForUsAlone_NewOrNot()
    {
        using var place = new TemporaryFolder();
        string fresh = place.File("fresh"), old = place.File("old"), taken = place.File("taken");
        Directory.CreateDirectory(old, OpenToAll);
        File.SetUnixFileMode(old, OpenToAll);
        Directory.CreateDirectory(taken, OpenToAll);
        File.SetUnixFileMode(taken, OpenToAll);

        PrivateFolder.Make(fresh);
        PrivateFolder.Make(old);
        PrivateFolder.Take(taken);

        Assert.Equal(PrivateFolder.Closed, File.GetUnixFileMode(fresh));
        Assert.Equal(PrivateFolder.Closed, File.GetUnixFileMode(old));
        Assert.Equal(OpenToAll & ~(UnixFileMode.GroupWrite | UnixFileMode.OtherWrite), File.GetUnixFileMode(taken));
    }

    [Fact]
    public void Folder_IsRefused_WhenItIsALink()
    {
        using var place = new TemporaryFolder();
        string target = place.File("target"), link = place.File("link");
        Directory.CreateDirectory(target);
        Directory.CreateSymbolicLink(link, target);
        UnixFileMode before = File.GetUnixFileMode(target);

        Assert.Contains("is a link", Assert.Throws<LocalStackException>(() => PrivateFolder.Make(link)).Message, StringComparison.Ordinal);
        Assert.Contains("is a link", Assert.Throws<LocalStackException>(() => PrivateFolder.Take(link)).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.GetUnixFileMode(target));
    }

    [Fact]
    public async Task Folder_IsRefused_WhenItIsAnotherUsers()
    {
        using var place = new TemporaryFolder();
        string folder = place.File("theirs");
        Directory.CreateDirectory(folder);
        await OtherUser.OwnAsync(folder);

        Assert.Contains("belongs to another user", Assert.Throws<LocalStackException>(() => PrivateFolder.Make(folder)).Message, StringComparison.Ordinal);
        Assert.Contains("belongs to another user", Assert.Throws<LocalStackException>(() => PrivateFolder.Take(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PostgreSql_FollowsNoLinkThatWasPlantedInItsFolder()
    {
        using var place = new TemporaryFolder();
        string secret = place.File("secret"), folder = place.File("postgres");
        await File.WriteAllTextAsync(secret, "untouched", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, "postgres.log"), secret);
        File.CreateSymbolicLink(Path.Combine(folder, "password"), secret);
        File.CreateSymbolicLink(Path.Combine(folder, "postgres.log.initdb"), secret);
        await OtherUser.OwnAsync(folder);

        await Assert.ThrowsAsync<LocalStackException>(() => PostgresServer.StartAsync(
            new PostgresOptions { Folder = folder, Durable = false }, null, TestContext.Current.CancellationToken));

        Assert.Equal("untouched", await File.ReadAllTextAsync(secret, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PrivateFile_ReplacesALinkInsteadOfFollowingIt()
    {
        using var place = new TemporaryFolder();
        string secret = place.File("secret"), file = place.File("stack.json");
        await File.WriteAllTextAsync(secret, "untouched", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(file, secret);
        File.CreateSymbolicLink(file + ".new", secret);

        PrivateFile.Write(file, "mine"u8);

        Assert.Equal("untouched", await File.ReadAllTextAsync(secret, TestContext.Current.CancellationToken));
        Assert.Equal("mine", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Program_WritesItsLogAndItsFilesForUsAlone()
    {
        using var place = new TemporaryFolder();
        await using ChildProcess program = ChildProcess.Start(["touch", place.File("made")], place.File("log"));
        await program.Exited;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(place.File("log")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(place.File("made")));
    }
}

/// <summary>A user of this machine who is not the one that tests run as.</summary>
internal static class OtherUser
{
    /// <summary>Gives a path to that user; skips the test where only root could.</summary>
    public static async Task OwnAsync(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can give a file to another user.");
        using Process chown = Process.Start("chown", ["--no-dereference", "12345:12345", path]);
        await chown.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, chown.ExitCode);
    }
}
