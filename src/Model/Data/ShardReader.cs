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
    public static IAsyncEnumerable<Sample> ReadAsync(Stream tar, string shard, CancellationToken cancellationToken = default) =>
        ReadAsync(tar, shard, origin: 0, isPart: false, cancellationToken);

    /// <summary>Yields the samples of a tar, or of a stretch of one.</summary>
    /// <param name="tar">From the header of a member on; stays open.</param>
    /// <param name="shard">Its name, for messages.</param>
    /// <param name="origin">Where in the tar the stream begins.</param>
    /// <param name="isPart">Whether it may end without the end of the archive.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async IAsyncEnumerable<Sample> ReadAsync(
        Stream tar, string shard, long origin, bool isPart, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var counted = new CountingStream(tar, origin);
        await using var reader = new TarReader(counted, leaveOpen: true);
        string? key = null;
        long start = 0, end = 0, next = origin;
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (true)
        {
            long header = next;   // of long names and PAX attributes too, which come before the member's own
            if (await NextAsync(reader, counted, shard, isPart, cancellationToken) is not { } entry)
                break;
            next = EndOf(entry, counted.Position);
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                || MemberName.Parse(entry.Name) is not { } name)
                continue;
            if (name.Key != key)
            {
                if (key is not null)
                    yield return new Sample(shard, key, start, members) { End = end };
                (key, start, members) = (name.Key, header, new Dictionary<string, byte[]>(StringComparer.Ordinal));
            }
            if (!members.TryAdd(name.Extension, await ContentAsync(entry, header, counted, shard, cancellationToken)))
                throw new ShardException(
                    $"Shard {shard} holds '{name.Extension}' of sample '{key}' twice, the second time at byte {header}: write each extension of a sample once.");
            end = next;
        }
        if (key is not null)
            yield return new Sample(shard, key, start, members) { End = end };
    }

    /// <summary>The next entry, whose content is still to be read; null at the end.</summary>
    internal static async Task<TarEntry?> NextAsync(
        TarReader reader, CountingStream counted, string shard, bool isPart, CancellationToken cancellationToken)
    {
        TarEntry? entry;
        try
        {
            entry = await reader.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (EndOfStreamException) when (isPart && counted.Position % BlockBytes == 0)
        {
            return null;   // a stretch ends behind a member
        }
        catch (Exception cause) when (cause is EndOfStreamException or InvalidDataException or FormatException)
        {
            throw Damaged(shard, counted.Position, cause);
        }
        // Every tar ends with blocks of zeros: without them the samples behind the cut would vanish without a word.
        if (entry is null && counted.HasEnded && !isPart)
            throw new ShardException(
                $"Shard {shard} ends at byte {counted.Position} without tar's end-of-archive blocks, so it was cut off: upload it again.");
        return entry;
    }

    /// <summary>Where the entry after this one starts, given where the reader stands: behind the header, before the content.</summary>
    internal static long EndOf(TarEntry entry, long position)
    {
        // The attributes of an archive are content that was read already.
        long end = entry.EntryType is TarEntryType.GlobalExtendedAttributes || entry.DataStream is null ? position : position + entry.Length;
        return (end + BlockBytes - 1) / BlockBytes * BlockBytes;
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
