using System.Collections.Concurrent;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Data;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.DataSets;

/// <summary>The tar shards of a job's argument, read as streams: at most a few megabytes of each are ever held.</summary>
internal sealed partial class ShardSet(BlobStore blobs, IReadOnlyList<string> names, ILogger logger)
{
    private const string ShardExtension = ".tar";

    /// <summary>The shards' paths, in their order.</summary>
    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>How many samples each shard holds, as far as known: put in from a checkpoint, or counted while reading.</summary>
    public ConcurrentDictionary<string, long> SampleCounts { get; } = new(StringComparer.Ordinal);

    /// <summary>How many samples there are; null while that is not known.</summary>
    public long? SampleCount => Names.All(SampleCounts.ContainsKey) ? Names.Sum(name => SampleCounts[name]) : null;

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

    /// <summary>Expands the braces of <c>train-{000..009}.tar</c>, or lists a folder or <c>prefix*</c>.</summary>
    /// <exception cref="JobException">There is no shard; permanent.</exception>
    public static async Task<ShardSet> FindAsync(BlobStore blobs, string paths, ILogger logger, CancellationToken cancellation)
    {
        BlobPath path = BlobPath.Parse(paths);
        List<string> names = [];
        if (path.Name.EndsWith(ShardExtension, StringComparison.OrdinalIgnoreCase))
        {
            names.AddRange(BraceExpansion.Expand(path.Name).Select(name => $"{path with { Name = name }}"));
        }
        else
        {
            await foreach (BlobEntry blob in blobs.ListAsync(path, cancellation))
            {
                if (blob.Path.Name.EndsWith(ShardExtension, StringComparison.OrdinalIgnoreCase))
                    names.Add($"{blob.Path}");
            }
        }
        return names.Count > 0
            ? new ShardSet(blobs, names, logger)
            : throw new JobException($"There is no {ShardExtension} blob under {path}. Correct the path, or upload shards there (hrnet upload).");
    }

    /// <summary>The batches of one epoch, shuffled and augmented as these options say, from the cursor on.</summary>
    public IAsyncEnumerable<Batch> TrainingBatches(BatchLoaderOptions options, int epoch, long cursor, CancellationToken cancellation) =>
        Read(options with { IsTraining = true }, epoch, cursor, cancellation);

    /// <summary>All samples once, in their order, resized and centre-cropped.</summary>
    public IAsyncEnumerable<Batch> ValidationBatches(BatchLoaderOptions options, CancellationToken cancellation) =>
        Read(options with { IsTraining = false }, epoch: 0, cursor: 0, cancellation);

    private IAsyncEnumerable<Batch> Read(BatchLoaderOptions options, int epoch, long cursor, CancellationToken cancellation)
    {
        options = options with { OnSkipped = skipped => LogSkipped(logger, skipped.Key, skipped.Shard, skipped.Reason) };
        return new BatchLoader(Names, (name, token) => blobs.OpenReadAsync(BlobPath.Parse(name), cancellation: token), options, SampleCounts)
            .ReadAsync(epoch, cursor, cancellation);
    }

    [LoggerMessage(3002, LogLevel.Warning, "Sample {Key} of {Shard} is left out: {Reason}")]
    private static partial void LogSkipped(ILogger logger, string key, string shard, string reason);
}
