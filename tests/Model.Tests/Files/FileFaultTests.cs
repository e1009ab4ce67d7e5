using HrNetBatch.Model.Files;
using HrNetBatch.TestKit;

namespace HrNetBatch.Model.Tests.Files;

public sealed class FileFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sentence_SaysWhatTheFileSystemRefused_InOurWords()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the numbers of errors are Linux'");
        string file = _folder.File("file"), folder = Directory.CreateDirectory(_folder.File("folder")).FullName, loop = _folder.File("loop"), full = "/dev/full";
        File.WriteAllText(file, "x");
        File.CreateSymbolicLink(loop, loop);

        Assert.Equal($"{_folder.File("gone")} does not exist.", Of(() => File.OpenRead(_folder.File("gone"))));
        Assert.Equal($"{file}/below does not exist: {file} is a file, not a folder.", Of(() => Directory.CreateDirectory(file + "/below")));
        Assert.Equal($"{file} is there already, as a file.", Of(() => Directory.CreateDirectory(file)));
        Assert.Equal($"{folder} is a folder.", Of(() => File.OpenRead(folder)));
        Assert.Equal($"{loop} is a link that leads in a circle, or through too many others: name what it is meant to lead to.", Of(() => File.OpenRead(loop)));
        Assert.Equal($"{loop} is a link that leads in a circle, or through too many others: name what it is meant to lead to.", Of(() => File.ResolveLinkTarget(loop, returnFinalTarget: true)));
        Assert.EndsWith(" has too long a name.", Of(() => File.OpenRead(_folder.File(new string('a', 300)))), StringComparison.Ordinal);
        Assert.Contains("no room left on its disk", Of(() => File.WriteAllText(full, "x")), StringComparison.Ordinal);
        Assert.Equal("/a/b may not be used by this user: change its permissions or those of its folder.", FileFault.Sentence(new UnauthorizedAccessException("Access to the path '/a/b' is denied.")));
    }

    [Theory]
    [InlineData("Something that nobody foresaw.", "A file or folder cannot be read or written.")]
    [InlineData("Something nobody foresaw : '/a/b'", "/a/b cannot be read or written.")]
    public void Sentence_NeverHandsOnWhatItDoesNotKnow(string said, string expected) => Assert.Equal(expected, FileFault.Sentence(new IOException(said)));

    [Fact]
    public void Absence_SaysSo_WhereTheNameIsNotUtf8() =>
        Assert.StartsWith("is called by a name that is not UTF-8", FileFault.Absence(_folder.File("caf\uFFFD.png")), StringComparison.Ordinal);

    private static string Of(Action action)
    {
        Exception error = Assert.ThrowsAny<Exception>(action);
        Assert.True(FileFault.Is(error), error.ToString());
        return FileFault.Sentence(error);
    }
}
