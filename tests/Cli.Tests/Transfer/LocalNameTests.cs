using HrNetBatch.Cli.Transfer;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Transfer;

public sealed class LocalNameTests
{
    [Theory]
    [InlineData("a.jpg")]
    [InlineData("parts/a b.parquet")]
    [InlineData("...")]
    public void ANameBelowTheFolder_IsAFileThere(string name) =>
        Assert.Equal(Path.Combine(Path.GetTempPath(), "results", name), LocalName.Inside(Path.Combine(Path.GetTempPath(), "results"), name));

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("//a.jpg")]
    [InlineData("..")]
    [InlineData("../a.jpg")]
    [InlineData("a/../../b.jpg")]
    [InlineData("a//b.jpg")]
    [InlineData("a/")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..\\a.jpg")]
    [InlineData("a\u0000b")]
    [InlineData("a\u001b[2Jb")]
    public void ANameThatLeadsElsewhere_IsRefusedByName(string name)
    {
        using var folder = new TemporaryFolder();

        var refused = Assert.Throws<UserException>(() => LocalName.Inside(folder.Path, name));

        Assert.Contains(folder.Path, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', refused.Message);
    }
}
