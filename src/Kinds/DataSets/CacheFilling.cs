using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>
/// Copies whole shards into this machine's cache while an epoch reads blocks of them, which alone would never fill it: the first epoch
/// fetches them twice, later ones and other jobs not at all. A data set that is larger than the cache is left to its blocks.
/// </summary>
internal sealed class CacheFilling(DataSet data, BlobFiles files, ShardCache cache, long cacheBytes)
{
    /// <summary>Copies what is not there yet, a shard after the other, until it is stopped. Trouble is left to those who need the samples.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        DataFile[] shards = [.. data.Shards.Select(shard => shard.File).OfType<DataFile>()];
        if (shards.Sum(shard => shard.LengthBytes) > cacheBytes)
            return;
        try
        {
            foreach (DataFile shard in shards)
                await CopyAsync(shard, stop);
        }
        catch (Exception e) when (e is OperationCanceledException or BlobException or IOException)
        {
            // The next epoch goes on.
        }
    }

    private async Task CopyAsync(DataFile shard, CancellationToken stop)
    {
        await using Stream? there = await cache.TryOpenAsync(shard, 0, 0, stop);
        if (there is not null)
            return;
        await using Stream content = await files.OpenAsync(shard, 0, null, stop);
        await content.CopyToAsync(Stream.Null, stop);
    }
}
