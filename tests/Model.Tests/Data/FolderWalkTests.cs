using System.Diagnostics;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;

namespace HrNetBatch.Model.Tests.Data;

public sealed class FolderWalkTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task LinksToFoldersAbove_AreNotFollowed_AndThoseThatLeadNowhere_AreTold()
    {
        await _folder.WriteAsync("set/cat/1.jpg", DataSetFolder.Image(1));
        await _folder.WriteAsync("set/dog/2.jpg", DataSetFolder.Image(2));
        await _folder.WriteAsync("elsewhere/3.jpg", DataSetFolder.Image(3));
        Directory.CreateSymbolicLink(_folder["set/dog/up"], "..");
        Directory.CreateSymbolicLink(_folder["set/dog/beyond"], "../..");
        Directory.CreateSymbolicLink(_folder["set/dog/itself"], "itself");
        Directory.CreateSymbolicLink(_folder["set/owl"], _folder["elsewhere"]);
        File.CreateSymbolicLink(_folder["set/dog/4.jpg"], _folder["gone.jpg"]);
        File.CreateSymbolicLink(_folder["set/dog/5.jpg"], "2.jpg");

        DataSet data = await new DataSetFinder(new LocalFiles()).FindAsync(_folder["set"], cancellationToken: Token);

        Assert.Equal(["cat", "dog", "owl"], data.Classes!);
        List<string> keys = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Token))
            keys.Add($"{sample.Key} {DataSetFolder.Number(sample)}");
        Assert.Equal(["cat/1.jpg 1", "dog/2.jpg 2", "dog/5.jpg 2", "owl/3.jpg 3"], keys);
        Assert.Equal(4, data.LeftOut.Sum(left => left.Count));
        Assert.Contains(data.LeftOut, left => left.Example.EndsWith("dog/4.jpg", StringComparison.Ordinal) && left.Reason.EndsWith("gone.jpg, which is not there", StringComparison.Ordinal));
        Assert.Contains(data.LeftOut, left => left.Reason == "a link to .., a folder that it lies in: not followed");
    }

    /// <summary>A pipe has no end, and one to which nobody writes no beginning either.</summary>
    [Fact]
    public async Task APipe_IsLeftOut_AndNotWaitedFor()
    {
        await _folder.WriteAsync("set/cat/1.jpg", DataSetFolder.Image(1));
        await _folder.WriteAsync("set/dog/2.jpg", DataSetFolder.Image(2));
        await ShellAsync("mkfifo \"$1/set/dog/3.jpg\" && ln -s 3.jpg \"$1/set/dog/4.jpg\"");

        DataSet data = await new DataSetFinder(new LocalFiles()).FindAsync(_folder["set"], cancellationToken: Token);

        List<string> keys = [];
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(SampleOrder.AsWritten(), Token))
            keys.Add(sample.Key);
        Assert.Equal(["cat/1.jpg", "dog/2.jpg"], keys);
        Assert.Equal(2, data.LeftOut.Where(left => left.Reason.StartsWith("a pipe", StringComparison.Ordinal)).Sum(left => left.Count));
    }

    /// <summary>Bytes of Latin-1, as archives of old machines leave them: .NET gives a name under which nothing is.</summary>
    [Fact]
    public async Task ANameThatIsNotUtf8_IsTold_WithTheWayToRenameIt()
    {
        await _folder.WriteAsync("set/cat/1.jpg", DataSetFolder.Image(1));
        await ShellAsync("touch \"$1/set/cat/caf$(printf '\\351').jpg\"");

        DataSet data = await new DataSetFinder(new LocalFiles()).FindAsync(_folder["set"], cancellationToken: Token);

        LeftOut left = Assert.Single(data.LeftOut);
        Assert.EndsWith("caf\uFFFD.jpg", left.Example, StringComparison.Ordinal);
        Assert.StartsWith("called by a name that is not UTF-8", left.Reason, StringComparison.Ordinal);
        Assert.Contains("convmv", left.Reason, StringComparison.Ordinal);
    }

    /// <summary>Left out, it would take its place among the classes with it.</summary>
    [Fact]
    public async Task AClassWhoseNameIsNotUtf8_EndsTheSearch()
    {
        await _folder.WriteAsync("set/cat/1.jpg", DataSetFolder.Image(1));
        await ShellAsync("d=\"$1/set/h$(printf '\\374')hner\"; mkdir \"$d\"; cp \"$1/set/cat/1.jpg\" \"$d\"");

        ShardException error = await Assert.ThrowsAsync<ShardException>(() => new DataSetFinder(new LocalFiles()).FindAsync(_folder["set"], cancellationToken: Token));

        Assert.StartsWith("The class h\uFFFDhner of ", error.Message, StringComparison.Ordinal);
        Assert.Contains("called by a name that is not UTF-8", error.Message, StringComparison.Ordinal);
    }

    private async Task ShellAsync(string script)
    {
        using Process shell = Process.Start("sh", ["-c", script, "sh", _folder[""]]);
        await shell.WaitForExitAsync(Token);
        Assert.SkipUnless(shell.ExitCode == 0, "this file system has names of UTF-8 alone");
    }
}
