using System.Runtime.CompilerServices;
using System.Threading.Channels;
using HrNetBatch.Model.Native;

namespace HrNetBatch.Model.Data;

/// <summary>
/// A data set to batches: one task reads samples in the epoch's order, several decode them into their places, the consumer takes the
/// batches in order. What a batch holds depends on seed, epoch and position alone, never on threads or their timing; a sample that
/// cannot be used leaves its batch smaller, so that the cursor stays exact.
/// Memory: the shuffle buffer, a batch of encoded images, and <see cref="BatchLoaderOptions.PrefetchCount"/> + 2 batches.
/// </summary>
/// <param name="data">The data set; it learns the sample counts of the shards that are read.</param>
/// <param name="options">How batches are made.</param>
public sealed class BatchLoader(DataSet data, BatchLoaderOptions options)
{
    /// <summary>Loads from WebDataset tars that a delegate opens.</summary>
    /// <param name="shards">Names, as the delegate takes them.</param>
    /// <param name="open">Opens a shard for reading from its first byte; the stream is disposed here.</param>
    /// <param name="options">How batches are made.</param>
    public BatchLoader(IReadOnlyList<string> shards, Func<string, CancellationToken, Task<Stream>> open, BatchLoaderOptions options)
        : this(DataSet.OfTars(shards, open), options)
    {
    }

    /// <summary>Yields the batches of an epoch from the cursor on.</summary>
    /// <param name="epoch">Epoch, from 0; without meaning where not training.</param>
    /// <param name="cursor">Samples of this epoch consumed before: <see cref="Batch.Cursor"/> of the last batch that counted.</param>
    /// <param name="cancellationToken">Stops the loading.</param>
    /// <exception cref="ShardException">A shard cannot be read, or no sample at all was usable.</exception>
    public async IAsyncEnumerable<Batch> ReadAsync(
        long epoch, long cursor = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        LibTorch.Load();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Channel.CreateBounded<(PendingBatch Batch, int Place)>(options.BatchSize);
        var batches = Channel.CreateBounded<PendingBatch>(options.PrefetchCount);
        Task producer = Task.Run(() => ProduceAsync(epoch, cursor, work.Writer, batches.Writer, stop.Token), CancellationToken.None);
        Task[] workers = [.. Enumerable.Range(0, options.ThreadCount).Select(_ => Task.Run(() => FillAsync(work.Reader, stop.Token), CancellationToken.None))];
        long usable = 0;
        SkippedSample? firstSkipped = null;
        PendingBatch? current = null;
        try
        {
            await foreach (PendingBatch pending in batches.Reader.ReadAllAsync(cancellationToken))
            {
                current = pending;
                await pending.Filled.WaitAsync(cancellationToken);
                if (options.DropsLast && !pending.IsFull && !pending.IsFirst)
                    break;
                foreach (SkippedSample skipped in pending.Skipped())
                {
                    firstSkipped ??= skipped;
                    options.OnSkipped?.Invoke(skipped);
                }
                foreach (SkippedSample unlabelled in pending.Unlabelled())
                    options.OnUnlabelled?.Invoke(unlabelled);
                Batch? batch = pending.Take();
                pending.Dispose();
                if (batch is null)
                    continue;
                usable += batch.Count;
                yield return batch;
            }
            if (usable == 0 && firstSkipped is not null && cursor == 0)
                throw new ShardException(
                    $"No sample of {(data.Shards.Count == 1 ? "the only shard" : $"{data.Shards.Count} shards")} was usable. The first, '{firstSkipped.Key}' of {firstSkipped.Shard}: {firstSkipped.Reason}.");
        }
        finally
        {
            await stop.CancelAsync();
            // Nobody writes into a batch any more once these have ended, so their memory can go.
            await Task.WhenAll([producer, .. workers]);
            current?.Dispose();
            while (batches.Reader.TryRead(out PendingBatch? unused))
                unused.Dispose();
        }
    }

    private async Task ProduceAsync(
        long epoch, long cursor, ChannelWriter<(PendingBatch, int)> work, ChannelWriter<PendingBatch> batches, CancellationToken stop)
    {
        SampleOrder order = options.IsTraining
            ? SampleOrder.Shuffled(options.Seed, epoch, cursor, options.ShuffleBufferSize, options.ShardsAtOnce, options.BlockSize)
            : SampleOrder.AsWritten(cursor);
        PendingBatch? pending = null;
        Exception? failure = null;
        try
        {
            long position = cursor;
            await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(order, stop))
            {
                if (pending is null)
                {
                    var next = new PendingBatch(options, epoch, position);
                    try
                    {
                        await batches.WriteAsync(next, stop);
                    }
                    catch
                    {
                        next.Dispose();
                        throw;
                    }
                    pending = next;
                }
                await work.WriteAsync((pending, pending.Add(sample)), stop);
                position++;
                if (!pending.IsFull)
                    continue;
                pending.Seal();
                pending = null;
            }
            pending?.Seal();
        }
        catch (Exception error)
        {
            // The consumer meets it in its place: after the batches that were complete before it.
            failure = error;
            pending?.Fail(error);
        }
        batches.Complete(failure);
        work.Complete();
    }

    private static async Task FillAsync(ChannelReader<(PendingBatch Batch, int Place)> work, CancellationToken stop)
    {
        while (await WaitAsync(work, stop))
            while (!stop.IsCancellationRequested && work.TryRead(out var item))
            {
                try
                {
                    item.Batch.Fill(item.Place, stop);
                }
                catch (Exception error)
                {
                    item.Batch.Fail(error);
                }
            }
    }

    private static async Task<bool> WaitAsync(ChannelReader<(PendingBatch Batch, int Place)> work, CancellationToken stop)
    {
        try
        {
            return await work.WaitToReadAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
