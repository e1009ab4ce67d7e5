using System.Runtime.Versioning;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.LocalStack;

public sealed class FolderLockTests
{
    /// <summary>Whoever can open the file can hold the lock.</summary>
    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void TheLock_CanBeOpenedByItsUserAlone_AlsoOneOfAnEarlierVersion()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("lock");
        File.WriteAllText(file, "");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        using FolderLock? taken = FolderLock.TryTake(file);

        Assert.NotNull(taken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Null(FolderLock.TryTake(file));
    }
}
