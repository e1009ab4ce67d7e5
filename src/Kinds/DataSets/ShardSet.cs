using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.Model.Labels;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>The data set of a job's argument, read as streams: a few megabytes of each shard are held, and the shuffle buffer.</summary>
internal sealed partial class ShardSet
{

    private readonly DataSet _data;
    private readonly DataReading _reading;
    private readonly AttemptContext _attempt;
    private readonly string _path;
    private readonly CacheFilling? _filling;
    private bool _saidPoor;

    private ShardSet(DataSet data, DataReading reading, AttemptContext attempt, string path, CacheFilling? filling) =>
        (_data, _reading, _attempt, _path, _filling) = (data, reading, attempt, path, filling);

    /// <summary>How many samples each shard holds, where the shards do not tell it themselves: put in from a checkpoint, or counted while reading.</summary>
    public ConcurrentDictionary<string, long> SampleCounts => _data.SampleCounts;

    /// <summary>How many samples there are; null while that is not known.</summary>
    public long? SampleCount => _data.SampleCount;

    /// <summary>What of it is not read, and why, a sentence for each reason; null where all is.</summary>
    public IReadOnlyList<string>? LeftOut => _data.LeftOut is { Count: > 0 } leftOut ? [.. leftOut.Select(left => left.ToString())] : null;

    /// <summary>What is wrong with a path as it stands, or null.</summary>
    public static string? FaultOf(string? paths)
    {
        if (paths is null || !BlobPath.TryParse(paths, out BlobPath? path, out _))
            return null;   // the attribute of the property says that
        try
        {
            BraceExpansion.Expand(path.Name);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>Finds the data set and recognises its layout.</summary>
    /// <exception cref="ShardException">There is none; permanent.</exception>
    public static async Task<ShardSet> FindAsync(BlobStore blobs, string path, DataReading reading, AttemptContext attempt, CancellationToken cancellation)
    {
        string? cacheFolder = blobs.Reading.CacheFolder;
        ShardCache? cache = cacheFolder is null ? null : new ShardCache(cacheFolder, blobs.Reading.CacheBytes, TimeProvider.System);
        string? indexFolder = cacheFolder is null ? null : Path.Combine(cacheFolder, "indexes");
        var files = new BlobFiles(blobs, cache);
        DataSet data = await new DataSetFinder(files, indexFolder).FindAsync(path, reading.Layout, cancellation);
        if (files.FolderMarkerCount > 0)
            LogFolderMarkers(attempt.Logger, attempt.Lease.JobId, files.FolderMarkerCount, path);
        await data.PrepareAsync(cancellation);   // so that the job knows how much there is, and a resumed one need not ask shard by shard
        foreach (LeftOut left in data.LeftOut)
            LogLeftOut(attempt.Logger, attempt.Lease.JobId, path, left);
        return new ShardSet(data, reading, attempt, path, cache is null ? null : new CacheFilling(data, files, cache, blobs.Reading.CacheBytes)) { BlockSize = data.TrainingBlockSize };
    }

    /// <summary>Makes sure, before anything is trained or measured, that there is something to read.</summary>
    /// <exception cref="JobException">There is not one sample; permanent.</exception>
    public async Task RequireSampleAsync(CancellationToken cancellation)
    {
        if (!await _data.HasSampleAsync(cancellation))
            throw NoSample();
    }

    /// <summary>Counts the samples of shards that do not say how many they have, by reading them; null: there are at least <paramref name="enough"/>.</summary>
    public Task<long?> CountAsync(long enough, CancellationToken cancellation) => _data.CountAsync(enough, _attempt.Worked, cancellation);

    /// <summary>Names of the classes of the data by index; null: they have none.</summary>
    public IReadOnlyList<string>? Classes => _data.Classes;

    /// <summary>The classes that the data name, if they do, under the option's name.</summary>
    /// <param name="option">The option that names the data set.</param>
    public ClassList ClassesAs(string option) => new($"{option} {_path}", _data.Classes);

    /// <summary>The job's class for each class of the data.</summary>
    public ClassMap ClassMap
    {
        get;
        set
        {
            field = value;
            if (value.ByName is { } classes)
                LogMatched(_attempt.Logger, _path, ClassList.Listed([.. classes.Select(pair => $"{pair.Key} is {pair.Value}")]));
        }
    } = ClassMap.Identity;

    /// <summary>The <see cref="SampleOrder.BlockSize"/> of training: what the data allow where a run begins, what it was then where it goes on.</summary>
    public int BlockSize { get; set; }

    /// <summary>The batches of one epoch, shuffled and augmented as these options say, from the cursor on.</summary>
    public IAsyncEnumerable<Batch> TrainingBatches(BatchLoaderOptions options, int epoch, long cursor, CancellationToken cancellation) =>
        ReadAsync(
            options with { IsTraining = true, ShardsAtOnce = _reading.ShardsAtOnce, ShuffleBufferSize = _reading.ShuffleBufferSize, BlockSize = BlockSize },
            epoch, cursor, cancellation);

    /// <summary>All samples once, in their order, resized and centre-cropped.</summary>
    public IAsyncEnumerable<Batch> ValidationBatches(BatchLoaderOptions options, CancellationToken cancellation) =>
        ReadAsync(options with { IsTraining = false, DropsLast = false }, epoch: 0, cursor: 0, cancellation);

    private async IAsyncEnumerable<Batch> ReadAsync(BatchLoaderOptions options, int epoch, long cursor, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var broken = new BrokenSamples(_attempt, _reading.BrokenSampleLimit);
        var mixture = new ClassMixture();
        long readCount = cursor;   // what was read of the epoch before counts too: a few samples at its end say nothing about the share of broken ones
        using var filling = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task filled = options is { IsTraining: true, BlockSize: > 0 } && _filling is not null ? _filling.RunAsync(filling.Token) : Task.CompletedTask;
        try
        {
            await foreach (Batch batch in new BatchLoader(_data, options with { OnSkipped = broken.Add, ClassMap = ClassMap.Indices }).ReadAsync(epoch, cursor, cancellation))
            {
                if (options.IsTraining)
                    Observe(mixture, batch);
                readCount = batch.Cursor;
                try
                {
                    await broken.SettleAsync(readCount, isComplete: false);
                }
                catch
                {
                    batch.Dispose();
                    throw;
                }
                yield return batch;
            }
            await broken.SettleAsync(readCount, isComplete: true);
            if (readCount == 0)
                throw NoSample();
        }
        finally
        {
            await filling.CancelAsync();
            await filled;
        }
    }

    private JobException NoSample() => new(
        $"{_path} holds no sample ({Counted.Of(_data.Shards.Count, "shard")}{(_data.Shards is [var first, ..] ? $", the first is {first.Name}" : "")}). "
        + $"{Model.Data.LeftOut.Text(_data.LeftOut)}`hrnet dataset inspect` tells what is read of it; put images into it, or name other data.");

    // Once in an attempt: the epochs to come are as the first.
    private void Observe(ClassMixture mixture, Batch batch)
    {
        if (_saidPoor)
            return;
        mixture.Add(batch.Labels.data<long>());
        if (!mixture.IsPoor)
            return;
        _saidPoor = true;
        LogPoorlyMixed(
            _attempt.Logger, _attempt.Lease.JobId, mixture.Classes, mixture.BatchSize, mixture.UniformClasses, _path,
            BlockSize > 0 ? "" : $"run `hrnet dataset index {_path}` once and start a new run, which then takes blocks from all shards; ", _reading.ShuffleBufferSize);
    }

    [LoggerMessage(3030, LogLevel.Warning, "Job {Job} trains on batches with {Classes:0.0} classes among {Samples:0} samples, where drawn evenly they would have {Uniform:0.0}: "
        + "{Path} is sorted by class and hardly mixed, which spoils the training. Mend it in one of these ways: {Index}write mixed shards with `hrnet dataset make`; give a larger --shuffle-buffer-size than {Buffer}")]
    private static partial void LogPoorlyMixed(ILogger logger, Guid job, double classes, double samples, double uniform, string path, string index, int buffer);

    [LoggerMessage(3031, LogLevel.Information, "Classes of {Path} are matched by name: {Classes}")]
    private static partial void LogMatched(ILogger logger, string path, string classes);

    [LoggerMessage(3034, LogLevel.Warning, "Job {Job}, {Path}: {LeftOut}")]
    private static partial void LogLeftOut(ILogger logger, Guid job, string path, LeftOut leftOut);

    [LoggerMessage(3090, LogLevel.Information, "Job {Job}: blobs under {Path} that only stand for folders are left out: {Count}")]
    private static partial void LogFolderMarkers(ILogger logger, Guid job, long count, string path);
}
