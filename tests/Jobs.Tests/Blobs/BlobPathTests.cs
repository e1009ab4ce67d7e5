using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Jobs.Tests.Blobs;

public class BlobPathTests
{
    [Theory]
    [InlineData("blob://local/images", "local", "images", "")]
    [InlineData("blob://local/images/", "local", "images", "")]
    [InlineData("blob://PROD_1/images/cats/", "PROD_1", "images", "cats/")]
    [InlineData("blob://local/images/a b/ü%20{1..2}?.jpg", "local", "images", "a b/ü%20{1..2}?.jpg")]
    [InlineData("blob://local/$web/index.html", "local", "$web", "index.html")]
    [InlineData("blob://local/images//a.jpg", "local", "images", "/a.jpg")]
    [InlineData("blob://local/images/a..b/...", "local", "images", "a..b/...")]
    public void Parse_TakesTheNameLiterally(string text, string account, string container, string name) =>
        Assert.Equal(new BlobPath(account, container, name), BlobPath.Parse(text));

    [Theory]
    [InlineData("", "missing")]
    [InlineData("https://x.blob.core.windows.net/c/b", "not a blob path")]
    [InlineData("blob:///c/b", "no account alias")]
    [InlineData("blob://a.b/c/b", "no account alias")]
    [InlineData("blob://local", "names no container")]
    [InlineData("blob://local/Images/b", "'Images' cannot be a container's name")]
    [InlineData("blob://local/im--ages/b", "cannot be a container's name")]
    [InlineData("blob://local/images/..", "'..'")]
    [InlineData("blob://local/images/a/../../other/b", "'..'")]
    [InlineData("blob://local/images/./b", "'.'")]
    [InlineData("blob://local/images/a\\b", "backslash")]
    [InlineData("blob://local/images/a\nb", "U+000A")]
    [InlineData("blob://local/images/a\u007fb", "U+007F")]
    public void Parse_SaysWhatIsWrongAndHowToWriteIt(string text, string fault)
    {
        var error = Assert.Throws<FormatException>(() => BlobPath.Parse(text));
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.Contains("blob://ACCOUNT-ALIAS/container/name", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blob://local/images", "")]
    [InlineData("blob://local/images/cats", "cats/")]
    [InlineData("blob://local/images/cats/", "cats/")]
    [InlineData("blob://local/images/ca*", "ca")]
    public void ListingPrefix_MeansAFolder_UnlessAStarEndsThePath(string text, string prefix) =>
        Assert.Equal(prefix, BlobPath.Parse(text).ListingPrefix);

    [Theory]
    [InlineData("blob://local/images")]
    [InlineData("blob://local/images/cats/1.jpg")]
    public void ToString_ReadsBack(string text)
    {
        Assert.Equal(text, BlobPath.Parse(text).ToString());
        Assert.Equal(BlobPath.Parse(text), BlobPath.Parse(BlobPath.Parse(text).ToString()));
    }

    [Theory]
    [InlineData("blob://local/out", "manifest.json", "blob://local/out/manifest.json")]
    [InlineData("blob://local/out/run", "parts/1.csv", "blob://local/out/run/parts/1.csv")]
    [InlineData("blob://local/out/run/", "/parts/1.csv", "blob://local/out/run//parts/1.csv")]
    public void Combine_PutsANameInsideTheFolder(string folder, string name, string expected) =>
        Assert.Equal(expected, BlobPath.Parse(folder).Combine(name).ToString());

    [Fact]
    public void Contains_KnowsAFolderFromItsNamesake()
    {
        var folder = BlobPath.Parse("blob://local/images/out");
        Assert.True(folder.Contains("out/part.parquet"));
        Assert.False(folder.Contains("output/cat.jpg"));
    }
}
