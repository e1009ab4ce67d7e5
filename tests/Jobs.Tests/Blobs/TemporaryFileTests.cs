using System.Runtime.Versioning;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Jobs.Tests.Blobs;

public sealed class TemporaryFileTests
{
    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void File_IsForItsUserAlone_AndHasNoNameThatAKillCouldLeaveBehind()
    {
        using FileStream file = TemporaryFile.Create(".pth");
        file.Write([1, 2, 3]);
        file.Position = 0;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.SafeFileHandle));
        Assert.False(File.Exists(file.Name));
        Assert.Equal(1, file.ReadByte());
    }
}
