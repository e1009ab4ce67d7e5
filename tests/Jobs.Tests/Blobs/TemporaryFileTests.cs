using System.Runtime.Versioning;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Jobs.Tests.Blobs;

public sealed class TemporaryFileTests
{
    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void File_IsForItsUserAlone_AndGoneWhenItIsClosed()
    {
        string name;
        using (FileStream file = TemporaryFile.Create(".pth"))
        {
            name = file.Name;
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.SafeFileHandle));
        }
        Assert.False(File.Exists(name));
    }
}
