using System.Buffers;
using System.Threading.Channels;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify.Parts;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Kinds.Classify;

/// <summary>
/// Takes units through claim → download → decode → batch → classify → commit. The stages run side by side and pass images, not units, so the
/// network never waits for the end of a unit; bounded channels between them keep memory flat, whatever is slow.
/// </summary>
internal sealed class UnitPipeline(ClassifyJob job, Classifier classifier, UnitStore units, SuspectStore suspects, BlobStore blobs, UnitCommitter committer, ClassifyOptions options)
    : IDisposable
{
    private const long LeastEncodedBytes = 256 << 20;

    private readonly Channel<PendingItem> _items = Channel.CreateBounded<PendingItem>(options.DownloadCount);
    private readonly Channel<EncodedImage> _encoded = Channel.CreateBounded<EncodedImage>(options.DownloadCount);
    private readonly Channel<PreparedImage> _prepared = Channel.CreateBounded<PreparedImage>(classifier.BatchSize);
    private readonly Channel<List<PreparedImage>> _batches = Channel.CreateBounded<List<PreparedImage>>(classifier.ReplicaCount);
    private readonly Channel<PendingUnit> _finished = Channel.CreateBounded<PendingUnit>(4);
    // Two of the largest blobs, or as many small ones as there are under way.
    private readonly ByteGate _gate = new(Math.Max(2L * options.MaximumImageBytes, LeastEncodedBytes));
    private SuspectUnit? _suspect;
    private int _unitCount;

    /// <summary>Works until no unit can be claimed any more; returns how many were committed.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        await Stages.RunAsync(stop, _suspect is null ? ClaimAsync : TakeAsync, DownloadAsync, DecodeAsync, BatchAsync, ClassifyAsync, CommitAsync);
        return _unitCount;
    }

    /// <summary>Works on one unit alone, decodes its images one after the other, and notes each in the ledger before.</summary>
    public Task<int> RunAsync(SuspectUnit suspect, CancellationToken stop)
    {
        _suspect = suspect;
        return RunAsync(stop);
    }

    public void Dispose() => _gate.Dispose();

    private async Task ClaimAsync(CancellationToken stop)
    {
        while (await units.ClaimAsync(job.Lease, stop) is { } unit)
        {
            foreach (var item in new PendingUnit(unit).Items) await _items.Writer.WriteAsync(item, stop);
        }
        _items.Writer.Complete();
    }

    private async Task TakeAsync(CancellationToken stop)
    {
        var (unit, first, blamed) = _suspect!;
        foreach (var item in new PendingUnit(unit).Items.OrderBy(item => item.Position != first))
        {
            if (blamed.TryGetValue(item.Position, out var reason)) await SettleAsync(item, new(item.Item.Name, item.Item.ETag ?? "", [], reason), stop);
            else await _items.Writer.WriteAsync(item, stop);
        }
        _items.Writer.Complete();
    }

    private async Task DownloadAsync(CancellationToken stop)
    {
        await Parallel.ForEachAsync(_items.Reader.ReadAllAsync(stop), Parallelism(_suspect is null ? options.DownloadCount : 1, stop), async (item, stop) =>
        {
            var path = job.Input with { Name = item.Item.Name };
            var room = 0;
            try
            {
                var content = await blobs.ReadAsync(
                    path, item.Item.ETag, options.MaximumImageBytes, async bytes => room = await _gate.EnterAsync(bytes, stop), stop);
                await _encoded.Writer.WriteAsync(new(item, content.Bytes, content.ETag, room), stop);
            }
            catch (BlobException e) when (e.IsMissing || e.IsChanged || e.IsUnreadable)
            {
                if (room > 0) _gate.Leave(room);
                // The blob's own fault. Anything else, such as an outage that outlasted the client's retries, fails the attempt.
                await SettleAsync(item, new(item.Item.Name, item.Item.ETag ?? "", [], await ReasonAsync(path, e, stop)), stop);
            }
        });
        _encoded.Writer.Complete();
    }

    private async Task<string> ReasonAsync(BlobPath path, BlobException e, CancellationToken stop)
    {
        if (e.IsUnreadable) return e.Message;
        // Asked for a version of a blob that is gone, the service may also answer that it is not that version.
        return e.IsMissing || await blobs.FindAsync(path, stop) is null ? "deleted since it was listed" : "replaced since it was listed";
    }

    private async Task DecodeAsync(CancellationToken stop)
    {
        await Parallel.ForEachAsync(_encoded.Reader.ReadAllAsync(stop), Parallelism(_suspect is null ? job.Attempt.ThreadCount : 1, stop), async (image, stop) =>
        {
            var pixels = ArrayPool<float>.Shared.Rent(classifier.ImageLength);
            if (_suspect is not null) await suspects.NoteAsync(job.Lease, image.Item.Unit.Index, image.Item.Position, stop);
            var fault = Prepare(image.Bytes, pixels.AsSpan(0, classifier.ImageLength), stop);
            _gate.Leave(image.Room);
            if (_suspect is not null) await suspects.NoteAsync(job.Lease, image.Item.Unit.Index, null, stop);
            if (fault is null)
            {
                await _prepared.Writer.WriteAsync(new(image.Item, image.ETag, pixels), stop);
            }
            else
            {
                ArrayPool<float>.Shared.Return(pixels);
                await SettleAsync(image.Item, new(image.Item.Item.Name, image.ETag, [], fault), stop);
            }
        });
        _prepared.Writer.Complete();
    }

    // Why the image cannot be read; null where it can.
    private string? Prepare(byte[] encoded, Span<float> pixels, CancellationToken stop)
    {
        try
        {
            ImageDecoder.Evaluate(encoded, classifier.ImageSize, pixels, classifier.CropFraction, stop);
            return null;
        }
        catch (ImageException e)
        {
            return e.Message;
        }
    }

    private async Task BatchAsync(CancellationToken stop)
    {
        // Batches are full, whichever units their images come from; only the last may be smaller.
        var batch = new List<PreparedImage>(classifier.BatchSize);
        await foreach (var image in _prepared.Reader.ReadAllAsync(stop))
        {
            batch.Add(image);
            if (batch.Count < classifier.BatchSize) continue;
            await _batches.Writer.WriteAsync(batch, stop);
            batch = new(classifier.BatchSize);
        }
        if (batch.Count > 0) await _batches.Writer.WriteAsync(batch, stop);
        _batches.Writer.Complete();
    }

    private async Task ClassifyAsync(CancellationToken stop)
    {
        await Parallel.ForEachAsync(_batches.Reader.ReadAllAsync(stop), Parallelism(classifier.ReplicaCount, stop), async (batch, stop) =>
        {
            var pixels = ArrayPool<float>.Shared.Rent(batch.Count * classifier.ImageLength); // [B, 3, size, size]
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Pixels.AsSpan(0, classifier.ImageLength).CopyTo(pixels.AsSpan(i * classifier.ImageLength));
                ArrayPool<float>.Shared.Return(batch[i].Pixels);
            }

            var predictions = await PredictAsync(pixels, batch.Count, stop);
            ArrayPool<float>.Shared.Return(pixels);
            for (var i = 0; i < batch.Count; i++)
                await SettleAsync(batch[i].Item, new(batch[i].Item.Item.Name, batch[i].ETag, predictions[i]), stop);
        });
        _finished.Writer.Complete();
    }

    private async Task<IReadOnlyList<Prediction[]>> PredictAsync(float[] pixels, int count, CancellationToken stop)
    {
        try
        {
            return await classifier.ClassifyAsync(pixels.AsMemory(0, count * classifier.ImageLength), count, job.Arguments.TopK, stop);
        }
        catch (InvalidDataException e)
        {
            // The pixels were decoded and are finite: it is the weights, and they will be the same in every attempt.
            throw new JobException(
                $"The checkpoint '{job.Arguments.Checkpoint}' answers with infinities or no numbers at all: "
                + "its weights are broken, as those of a run that diverged. Submit the job again with another checkpoint.",
                inner: e);
        }
    }

    private async Task CommitAsync(CancellationToken stop)
    {
        await foreach (var unit in _finished.Reader.ReadAllAsync(stop))
        {
            await committer.CommitAsync(job, unit, stop);
            _unitCount++;
        }
    }

    private async Task SettleAsync(PendingItem item, ClassifiedRow row, CancellationToken stop)
    {
        job.Attempt.Worked();
        if (item.Unit.Settle(item.Position, row)) await _finished.Writer.WriteAsync(item.Unit, stop);
    }

    private static ParallelOptions Parallelism(int count, CancellationToken stop) => new() { MaxDegreeOfParallelism = count, CancellationToken = stop };
}
