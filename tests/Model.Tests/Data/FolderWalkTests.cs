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
}
