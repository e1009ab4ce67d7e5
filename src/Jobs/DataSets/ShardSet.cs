using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.DataSets;

/// <summary>The data set of a job's argument, read as streams: a few megabytes of each shard are held, and the shuffle buffer.</summary>
internal sealed partial class ShardSet
{
    private readonly DataSet _data;
    private readonly DataReading _reading;
    private readonly AttemptContext _attempt;
    private readonly string _path;

    private ShardSet(DataSet data, DataReading reading, AttemptContext attempt, string path) =>
        (_data, _reading, _attempt, _path) = (data, reading, attempt, path);

    /// <summary>How many samples each shard holds, where the shards do not tell it themselves: put in from a checkpoint, or counted while reading.</summary>
    public ConcurrentDictionary<string, long> SampleCounts => _data.SampleCounts;

    /// <summary>How many samples there are; null while that is not known.</summary>
    public long? SampleCount => _data.SampleCount;

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
        return new ShardSet(data, reading, attempt, path);
    }

    /// <summary>Refuses a validation set whose folders are other classes than those that are trained: its labels would mean something else.</summary>
    /// <exception cref="JobException">They differ; permanent.</exception>
    public void RequireClassesOf(ShardSet training)
    {
        if (_data.Classes is not { } own || training._data.Classes is not { } others || own.SequenceEqual(others))
            return;
        string[] unknown = [.. own.Except(others).Take(3)], missing = [.. others.Except(own).Take(3)];
        throw new JobException(
            $"{_path} has {own.Count} classes and {training._path} has {others.Count}, by their folders"
            + (unknown.Length > 0 ? $"; only the first has {string.Join(", ", unknown)}" : "") + (missing.Length > 0 ? $"; it lacks {string.Join(", ", missing)}" : "")
            + ". A class is the place of its folder among them all, so both need the same folders: make shards of them with `hrnet dataset make --labels`, or add what is missing.");
    }

    /// <summary>The batches of one epoch, shuffled and augmented as these options say, from the cursor on.</summary>
    public IAsyncEnumerable<Batch> TrainingBatches(BatchLoaderOptions options, int epoch, long cursor, CancellationToken cancellation) =>
        ReadAsync(options with { IsTraining = true, ShardsAtOnce = _reading.ShardsAtOnce, ShuffleBufferSize = _reading.ShuffleBufferSize }, epoch, cursor, cancellation);

    /// <summary>All samples once, in their order, resized and centre-cropped.</summary>
    public IAsyncEnumerable<Batch> ValidationBatches(BatchLoaderOptions options, CancellationToken cancellation) =>
        ReadAsync(options with { IsTraining = false }, epoch: 0, cursor: 0, cancellation);

    private async IAsyncEnumerable<Batch> ReadAsync(BatchLoaderOptions options, int epoch, long cursor, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var broken = new BrokenSamples(_attempt, _reading.BrokenSampleLimit);
        long readCount = 0;
        await foreach (Batch batch in new BatchLoader(_data, options with { OnSkipped = broken.Add }).ReadAsync(epoch, cursor, cancellation))
        {
            readCount = batch.Cursor - cursor;
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
    }

    [LoggerMessage(3090, LogLevel.Information, "Job {Job}: {Count} blobs under {Path} only stand for folders and are left out")]
    private static partial void LogFolderMarkers(ILogger logger, Guid job, long count, string path);
}
