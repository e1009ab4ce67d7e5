using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Tests.Data;

public class BatchLoaderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batches_AreTheSame_WithAnyNumberOfThreads()
    {
        Shards shards = await Shards.CreateAsync(9, 8, 6);
        List<Read> one = await ReadAsync(shards, Training with { ThreadCount = 1, PrefetchCount = 1 });
        List<Read> many = await ReadAsync(shards, Training with { ThreadCount = 7, PrefetchCount = 3 });
        Assert.Equal([4, 4, 4, 4, 4, 3], one.Select(batch => batch.Keys.Length));
        Assert.Equal(one.SelectMany(batch => batch.Keys), many.SelectMany(batch => batch.Keys));
        Assert.Equal(one.SelectMany(batch => batch.Images), many.SelectMany(batch => batch.Images));
        Assert.All(one, batch => Assert.Equal(batch.Keys, batch.Labels.Select(label => Shards.Key((int)label))));
    }

    [Fact]
    public async Task ResumedAtABatchsCursor_TheRestIsTheSameToTheLastFloat()
    {
        Shards shards = await Shards.CreateAsync(9, 8, 6);
        List<Read> whole = await ReadAsync(shards, Training);
        List<Read> rest = await ReadAsync(shards, Training, cursor: whole[2].Cursor);
        Assert.Equal(whole.Skip(3).SelectMany(batch => batch.Images), rest.SelectMany(batch => batch.Images));
        Assert.Equal(whole.Skip(3).Select(batch => batch.Cursor), rest.Select(batch => batch.Cursor));
    }

    [Fact]
    public async Task BrokenSamples_LeaveTheirBatchSmaller_AndAreReportedInOrder()
    {
        var shards = new Shards();
        shards.Add("s.tar", await Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("good0", "jpg", Images.Jpeg(0), 0);
            await writer.WriteAsync("truncated", "jpg", Images.Jpeg(1).AsMemory()[..^60], 1);
            await writer.WriteAsync("good2", "jpg", Images.Jpeg(2), 2);
            await writer.WriteAsync("unlabelled", [("jpg", Images.Jpeg(3))]);
            await writer.WriteAsync("imageless", [("cls", "4"u8.ToArray())]);
            await writer.WriteAsync("good5", "jpg", Images.Jpeg(5), 5);
        }));
        var skipped = new List<SkippedSample>();
        List<Read> batches = await ReadAsync(shards, Evaluation with { BatchSize = 3, OnSkipped = skipped.Add });

        Assert.Equal(["good0 good2", "good5"], batches.Select(batch => string.Join(' ', batch.Keys)));
        Assert.Equal([0, 2, 5], batches.SelectMany(batch => batch.Labels));
        Assert.Equal([3, 6], batches.Select(batch => batch.Cursor));
        Assert.Equal(["truncated", "unlabelled", "imageless"], skipped.Select(sample => sample.Key));
        Assert.Contains("truncated", skipped[0].Reason, StringComparison.Ordinal);

        // What stands in the closed gap is the right image.
        var alone = new Shards();
        alone.Add("a.tar", await Shards.WriteAsync(writer => writer.WriteAsync("good2", "jpg", Images.Jpeg(2), 2)));
        List<Read> single = await ReadAsync(alone, Evaluation);
        Assert.Equal(single[0].Images, batches[0].Images[single[0].Images.Length..]);
    }

    [Fact]
    public async Task LabelsAreThoseOfTheClassMap_AndOneThatTheDataDoNotNameIsAnError()
    {
        Shards shards = await Shards.CreateAsync(3);
        List<Read> batches = await ReadAsync(shards, Evaluation with { ClassMap = [5, 0, 9], ClassCount = 10 });
        Assert.Equal([5, 0, 9], batches.SelectMany(batch => batch.Labels));

        var error = await Assert.ThrowsAsync<ShardException>(() => ReadAsync(shards, Evaluation with { ClassMap = [5, 0], ClassCount = 10 }));
        Assert.Contains("has the label 2, but the data set names 2 classes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEpochWithoutAnyUsableSample_IsAnError_WithTheFirstReason()
    {
        var shards = new Shards();
        shards.Add("s.tar", await Shards.WriteAsync(writer => writer.WriteAsync("bad", "jpg", "nonsense"u8.ToArray(), 1)));
        var error = await Assert.ThrowsAsync<ShardException>(() => ReadAsync(shards, Evaluation));
        Assert.Contains("'bad' of s.tar: a text, not an image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutLabelsRequired_UnlabelledAndUnknownOnesCount_WithMinusOne()
    {
        var shards = new Shards();
        shards.Add("s.tar", await Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("labelled", "jpg", Images.Jpeg(0), 1);
            await writer.WriteAsync("unlabelled", [("jpg", Images.Jpeg(1))]);
            await writer.WriteAsync("unknown", "jpg", Images.Jpeg(2), 7);
        }));
        List<Read> batches = await ReadAsync(shards, Evaluation with { ClassCount = 3, RequiresLabels = false });
        Assert.Equal([1, -1, -1], Assert.Single(batches).Labels);
    }

    [Fact]
    public async Task EncodedImages_AreKept_WhenAskedFor_OfTheSamplesInTheBatch()
    {
        var shards = new Shards();
        shards.Add("s.tar", await Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("good0", "jpg", Images.Jpeg(0), 0);
            await writer.WriteAsync("bad", "jpg", "nonsense"u8.ToArray(), 1);
            await writer.WriteAsync("good2", "jpg", Images.Jpeg(2), 2);
        }));
        foreach (bool keeps in (bool[])[true, false])
        {
            var loader = new BatchLoader(shards.Names, shards.OpenAsync, Evaluation with { KeepsEncodedImages = keeps });
            await foreach (Batch batch in loader.ReadAsync(0, 0, Token))
                using (batch)
                {
                    Assert.Equal([new SampleName("s.tar", "good0"), new SampleName("s.tar", "good2")], batch.Samples);
                    Assert.Equal(keeps ? [Images.Jpeg(0), Images.Jpeg(2)] : [], batch.EncodedImages);
                }
        }
    }

    [Fact]
    public async Task DropsLast_LeavesOutTheSmallerBatchAtTheEnd()
    {
        Shards shards = await Shards.CreateAsync(10);
        Assert.Equal([4, 4], (await ReadAsync(shards, Evaluation with { DropsLast = true })).Select(batch => batch.Keys.Length));
    }

    [Fact]
    public async Task DropsLast_KeepsTheOnlyBatchOfAnEpoch()
    {
        Shards shards = await Shards.CreateAsync(3);
        Assert.Equal([3], (await ReadAsync(shards, Evaluation with { DropsLast = true })).Select(batch => batch.Keys.Length));
    }

    [Fact]
    public async Task DropsLast_HearsNothingOfTheSamplesThatItLeavesOut_WhereverItGoesOn()
    {
        var shards = new Shards();
        shards.Add("s.tar", await Shards.WriteAsync(async writer =>
        {
            for (int i = 0; i < 4; i++)
                await writer.WriteAsync($"good{i}", "jpg", Images.Jpeg(i), 0);
            await writer.WriteAsync("broken", "jpg", "nonsense"u8.ToArray(), 0);
        }));
        var heard = new List<SkippedSample>();
        var loader = new BatchLoader(shards.Names, shards.OpenAsync, Evaluation with { DropsLast = true, OnSkipped = heard.Add });

        foreach (long cursor in (long[])[0, 4])
        {
            await foreach (Batch batch in loader.ReadAsync(0, cursor, Token))
                batch.Dispose();
        }

        Assert.Empty(heard);
    }

    /// <summary>What an undisturbed epoch passes over, a resumed one does too.</summary>
    [Fact]
    public async Task ARestOfAnEpoch_InWhichEverySampleIsBroken_IsNoFault()
    {
        var shards = new Shards();
        shards.Add("s.tar", await Shards.WriteAsync(async writer =>
        {
            for (int i = 0; i < 4; i++)
                await writer.WriteAsync($"good{i}", "jpg", Images.Jpeg(i), 0);
            await writer.WriteAsync("broken", "jpg", "nonsense"u8.ToArray(), 0);
        }));

        await foreach (Batch batch in new BatchLoader(shards.Names, shards.OpenAsync, Evaluation).ReadAsync(0, cursor: 4, Token))
            Assert.Fail($"{batch.Count} samples");
    }

    [Fact]
    public async Task ATruncatedShard_IsMetAfterTheBatchesBeforeIt()
    {
        Shards whole = await Shards.CreateAsync(8);
        using var bytes = new MemoryStream();
        await using (Stream tar = await whole.OpenAsync(whole.Names[0], Token))
            await tar.CopyToAsync(bytes, Token);
        var shards = new Shards();
        shards.Add("cut.tar", bytes.ToArray()[..^3000]);
        var loader = new BatchLoader(shards.Names, shards.OpenAsync, Evaluation);
        int batches = 0;
        var error = await Assert.ThrowsAsync<ShardException>(async () =>
        {
            await foreach (Batch batch in loader.ReadAsync(0, 0, Token))
                using (batch)
                    batches++;
        });
        Assert.Equal(1, batches);
        Assert.Contains("cut.tar", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeavingEarlyOrCancelling_EndsEverything()
    {
        Shards shards = await Shards.CreateAsync(40);
        var loader = new BatchLoader(shards.Names, shards.OpenAsync, Evaluation);
        await foreach (Batch batch in loader.ReadAsync(0, 0, Token))
        {
            batch.Dispose();
            break;
        }
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Batch batch in loader.ReadAsync(0, 0, stop.Token))
                using (batch)
                    await stop.CancelAsync();
        });
    }

    private static BatchLoaderOptions Evaluation => new() { BatchSize = 4, ImageSize = 32, ThreadCount = 2 };

    private static BatchLoaderOptions Training => Evaluation with { IsTraining = true, Seed = 5, ShuffleBufferSize = 6 };

    private static async Task<List<Read>> ReadAsync(Shards shards, BatchLoaderOptions options, long cursor = 0)
    {
        var batches = new List<Read>();
        await foreach (Batch batch in new BatchLoader(shards.Names, shards.OpenAsync, options).ReadAsync(epoch: 1, cursor, Token))
            using (batch)
                batches.Add(new Read([.. batch.Samples.Select(sample => sample.Key)], batch.Labels.data<long>().ToArray(), batch.Images.data<float>().ToArray(), batch.Cursor));
        return batches;
    }

    private sealed record Read(string[] Keys, long[] Labels, float[] Images, long Cursor);
}
