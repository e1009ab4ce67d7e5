using System.Formats.Tar;
using System.Runtime.CompilerServices;

namespace HrNetBatch.Model.Data;

/// <summary>Reads the samples of a WebDataset tar from a stream that need not seek, one after another.</summary>
public static class ShardReader
{
    private const int BlockBytes = 512;

    // A member is read into memory whole; a corrupt length must not ask for all of it.
    private const long LargestMemberBytes = 1L << 30;

    /// <summary>Yields the samples in the order of the tar. Non-regular members and <c>__metadata__</c> are skipped.</summary>
    /// <param name="tar">The shard, from its first byte; stays open.</param>
    /// <param name="shard">Its name, for messages.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ShardException">The tar is damaged or truncated, or a sample has an extension twice.</exception>
    public static async IAsyncEnumerable<Sample> ReadAsync(
        Stream tar, string shard, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var counted = new CountingStream(tar);
        await using var reader = new TarReader(counted, leaveOpen: true);
        string? key = null;
        long start = 0;
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (await NextAsync(reader, counted, shard, cancellationToken) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                || MemberName.Parse(entry.Name) is not { } name)
                continue;
            if (name.Key != key)
            {
                if (key is not null)
                    yield return new Sample(shard, key, start, members);
                (key, start, members) = (name.Key, counted.Position - BlockBytes, new Dictionary<string, byte[]>(StringComparer.Ordinal));
            }
            long offset = counted.Position - BlockBytes;
            if (!members.TryAdd(name.Extension, await ContentAsync(entry, offset, counted, shard, cancellationToken)))
                throw new ShardException(
                    $"Shard {shard} holds '{name.Extension}' of sample '{key}' twice, the second time at byte {offset}: write each extension of a sample once.");
        }
        if (key is not null)
            yield return new Sample(shard, key, start, members);
    }

    private static async Task<TarEntry?> NextAsync(TarReader reader, CountingStream counted, string shard, CancellationToken cancellationToken)
    {
        TarEntry? entry;
        try
        {
            entry = await reader.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception cause) when (cause is EndOfStreamException or InvalidDataException or FormatException)
        {
            throw Damaged(shard, counted.Position, cause);
        }
        // Every tar ends with blocks of zeros: without them the samples behind the cut would vanish without a word.
        if (entry is null && counted.HasEnded)
            throw new ShardException(
                $"Shard {shard} ends at byte {counted.Position} without tar's end-of-archive blocks, so it was cut off: upload it again.");
        return entry;
    }

    private static async Task<byte[]> ContentAsync(
        TarEntry entry, long offset, CountingStream counted, string shard, CancellationToken cancellationToken)
    {
        if (entry.Length > LargestMemberBytes)
            throw new ShardException($"Shard {shard} holds '{entry.Name}' of {entry.Length} bytes at byte {offset}: larger than any image, so probably damaged.");
        var content = new byte[entry.Length];
        if (entry.DataStream is not { } data)
            return content;
        try
        {
            await data.ReadExactlyAsync(content, cancellationToken);
        }
        catch (EndOfStreamException cause)
        {
            throw Damaged(shard, counted.Position, cause);
        }
        return content;
    }

    private static ShardException Damaged(string shard, long offset, Exception cause)
        => new($"Shard {shard} is truncated or not a tar, at byte {offset}: {cause.Message} Upload it again.", cause);
}
