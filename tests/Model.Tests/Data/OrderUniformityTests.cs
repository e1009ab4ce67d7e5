using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>
/// Forty classes of 130 samples, one class after the other in the data, at the defaults of training: how far a batch of 128 is from one
/// that was drawn uniformly, which holds 38.4 classes.
/// </summary>
public sealed class OrderUniformityTests : IDisposable
{
    private const int ClassCount = 40, PerClass = 130, BatchSize = 128, BufferSize = 1000, ShardsAtOnce = 4;

    private readonly DataSetFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tars", 20.0, 26.0)]         // only the shards are permuted: what the warning is for
    [InlineData("tars, indexed", 37.0, 39.0)]
    [InlineData("mds", 37.0, 39.0)]
    [InlineData("mds, compressed", 20.0, 26.0)]
    [InlineData("folder", 38.0, 39.0)]
    [InlineData("ilsvrc", 38.0, 39.0)]
    public async Task ABatchHoldsAsManyClasses_AsTheLayoutAllows(string layout, double least, double most)
    {
        DataSet data = await DataAsync(layout);
        await data.PrepareAsync(Token);
        int[] numbers = await NumbersAsync(data, epoch: 0);
        ClassMixture mixture = Mixture(numbers);

        Assert.Equal(Enumerable.Range(0, ClassCount * PerClass), numbers.Order());
        Assert.InRange(mixture.Classes, least, most);
        Assert.InRange(mixture.UniformClasses, 38.3, 38.5);
        Assert.Equal(least < 30, mixture.IsPoor);
    }

    /// <summary>Of samples that come in blocks from anywhere none stays in one half of the epochs: each is as often in the first as in the second.</summary>
    [Fact]
    public async Task NoSampleStaysInOneHalf_OfTheEpochs()
    {
        await _folder.WriteTarsAsync("t-", 60, 60, 60, 60);
        foreach (int shard in Enumerable.Range(0, 4))
            await IndexAsync($"t-{shard:000}.tar", DataLayout.WebDataset);
        DataSet data = await new DataSetFinder(new LocalFiles()).FindAsync(_folder["t-*"], cancellationToken: Token);
        await data.PrepareAsync(Token);
        var late = new int[240];
        for (int epoch = 0; epoch < 30; epoch++)
            foreach (int number in (await NumbersAsync(data, epoch, bufferSize: 125)).Skip(120))
                late[number]++;

        Assert.InRange(late.Min(), 3, 15);
        Assert.InRange(late.Max(), 15, 27);
    }

    private async Task<int[]> NumbersAsync(DataSet data, int epoch, int bufferSize = BufferSize)
    {
        List<int> numbers = [];
        SampleOrder order = SampleOrder.Shuffled(1, epoch, 0, bufferSize, ShardsAtOnce, data.TrainingBlockSize);
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(order, Token))
            numbers.Add(DataSetFolder.Number(sample));
        return [.. numbers];
    }

    private static ClassMixture Mixture(int[] numbers)
    {
        var mixture = new ClassMixture();
        foreach (int[] batch in numbers.Chunk(BatchSize).Where(batch => batch.Length == BatchSize))
            mixture.Add(batch.Select(number => (long)number / PerClass));
        return mixture;
    }

    private async Task<DataSet> DataAsync(string layout)
    {
        int[] counts = [.. Enumerable.Repeat(PerClass, ClassCount)];
        switch (layout)
        {
            case "tars" or "tars, indexed":
                await _folder.WriteTarsAsync("set/t-", counts);
                if (layout != "tars")
                    foreach (int shard in Enumerable.Range(0, ClassCount))
                        await IndexAsync($"set/t-{shard:000}.tar", DataLayout.WebDataset);
                break;
            case "folder":
                foreach (int number in Enumerable.Range(0, ClassCount * PerClass))
                    await _folder.WriteAsync($"set/{number / PerClass:00}/{number:00000}.JPEG", DataSetFolder.Image(number));
                break;
            case "ilsvrc":
                var inner = new List<(string, byte[])>();
                foreach (int one in Enumerable.Range(0, ClassCount))
                    inner.Add(($"n{one:00000000}.tar", await DataSetFolder.TarAsync([.. Enumerable.Range(one * PerClass, PerClass).Select(number => ($"n_{number}.JPEG", DataSetFolder.Image(number)))])));
                await _folder.WriteAsync("set/ILSVRC2012_img_train.tar", await DataSetFolder.TarAsync([.. inner]));
                break;
            default:
                await _folder.WriteMdsAsync("set", compresses: layout != "mds", counts);
                break;
        }
        return await new DataSetFinder(new LocalFiles()).FindAsync(_folder["set/"], cancellationToken: Token);
    }

    private async Task IndexAsync(string tar, DataLayout layout) =>
        await ShardIndexer.WriteAsync(new LocalFiles(), (await new LocalFiles().FindAsync(_folder[tar], Token))!, layout, Token);
}
