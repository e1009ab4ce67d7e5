using System.Runtime.Versioning;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Cli.Tests.LocalStack;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Stack;

/// <summary>A stack.json in a folder above could be anybody's; commands use only the one that <c>hrnet up</c> wrote for this user.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PlantedStackTests
{
    private const string Ledger = "HrNetBatch:Ledger:ConnectionString", Blobs = "HrNetBatch:Blobs:Accounts:local:ConnectionString";

    [Fact]
    public void OurOwnFile_IsRead_AndClosedToOthers()
    {
        using var folder = new TemporaryFolder();
        StackFile written = Write(folder, Ledger, "Host=127.0.0.1;Port=5;Password=secret");

        StackFile? read = StackFile.Read(folder.Path);

        Assert.Equal(written.Configuration[Ledger], read!.Configuration[Ledger]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("stack.json")));
        Assert.Null(StackFile.Read(folder.File("nowhere")));
    }

    [Fact]
    public async Task FileOfAnotherUser_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Ledger, "Host=127.0.0.1");
        await OtherUser.OwnAsync(folder.File("stack.json"));

        Assert.Contains("belongs to another user", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FolderOfAnotherUser_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Ledger, "Host=127.0.0.1");
        await OtherUser.OwnAsync(folder.Path);

        Assert.Contains("folder of another user", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void FileOrFolderThatOthersCanWrite_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Ledger, "Host=127.0.0.1");
        File.SetUnixFileMode(folder.File("stack.json"), UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        Assert.Contains("can be written by other users", Refusal(folder), StringComparison.Ordinal);

        Write(folder, Ledger, "Host=127.0.0.1");
        File.SetUnixFileMode(folder.Path, PrivateFolder.Closed | UnixFileMode.GroupWrite);
        Assert.Contains("folder that other users can write", Refusal(folder), StringComparison.Ordinal);
        File.SetUnixFileMode(folder.Path, PrivateFolder.Closed);
    }

    [Fact]
    public void Link_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        Write(elsewhere, Ledger, "Host=127.0.0.1");
        File.CreateSymbolicLink(folder.File("stack.json"), elsewhere.File("stack.json"));
        Directory.CreateSymbolicLink(folder.File("link"), elsewhere.Path);

        Assert.Contains("is a link", Refusal(folder), StringComparison.Ordinal);
        Assert.Contains("behind a link", Assert.Throws<LocalStackException>(() => StackFile.Read(folder.File("link"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Ledger, "Host=db.example.org")]
    [InlineData(Ledger, "Host=127.0.0.1,db.example.org")]
    [InlineData(Ledger, "Port=1")]
    [InlineData(Ledger, "no connection string")]
    [InlineData(Blobs, "DefaultEndpointsProtocol=https;AccountName=theirs;AccountKey=a2V5")]
    [InlineData(Blobs, "AccountName=a;AccountKey=a2V5;BlobEndpoint=http://192.0.2.7/a")]
    [InlineData(Blobs, "AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;DevelopmentStorageProxyUri=http://192.0.2.7")]
    [InlineData("HrNetBatch:Blobs:Accounts:local:ServiceUri", "https://theirs.blob.core.windows.net")]
    [InlineData("HrNetBatch:ServiceBus:ConnectionString", "Endpoint=sb://theirs.servicebus.windows.net;SharedAccessKeyName=a;SharedAccessKey=b")]
    [InlineData("HrNetBatch:Models:Root", "blob://theirs/models")]
    public void FileThatLeadsAwayFromThisMachine_IsRefused(string key, string value)
    {
        using var folder = new TemporaryFolder();
        Write(folder, key, value);

        string refusal = Refusal(folder);

        Assert.Contains("not on this machine", refusal, StringComparison.Ordinal);
        Assert.Contains(key, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatThisUserMayNotRead_IsTold_WithTheWayOut()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root may read every file");
        using var folder = new TemporaryFolder();
        Write(folder, Ledger, "Host=127.0.0.1");
        File.SetUnixFileMode(folder.File("stack.json"), UnixFileMode.None);

        UserException refused = Assert.Throws<UserException>(() => StackFile.Read(folder.Path));

        Assert.StartsWith($"{folder.File("stack.json")} may not be read by this user: the stack is for whoever ran `hrnet up` alone.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_SaysWhatToDo_AboutAStackThatSomebodyPlanted()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Ledger, "Host=db.example.org");

        CommandResult status = await HrnetProcess.RunAsync(["status", "--stack", folder.Path]);

        Assert.Equal(1, status.ExitCode);
        Assert.Contains("stack.json names something that is not on this machine", status.Error, StringComparison.Ordinal);
        Assert.Contains("--stack", status.Error, StringComparison.Ordinal);
    }

    private static string Refusal(TemporaryFolder folder) => Assert.Throws<LocalStackException>(() => StackFile.Read(folder.Path)).Message;

    private static StackFile Write(TemporaryFolder folder, string key, string value)
    {
        var file = new StackFile
        {
            Data = folder.Path,
            Configuration = new Dictionary<string, string> { [key] = value },
            Processes = new Dictionary<string, int>(),
            Logs = new Dictionary<string, string>(),
        };
        file.Write();
        return file;
    }
}
