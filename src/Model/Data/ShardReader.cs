using System.Runtime.CompilerServices;
using HrNetBatch.Model.Data.Tar;

namespace HrNetBatch.Model.Data;

/// <summary>Reads the samples of a WebDataset tar, perhaps compressed with gzip, from a stream that need not seek, one after another.</summary>
public static class ShardReader
{
    /// <summary>Yields the samples in the order of the tar. Links, folders and <c>__metadata__</c> are skipped.</summary>
    /// <param name="tar">The shard, from its first byte; stays open.</param>
    /// <param name="shard">Its name, for messages.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ShardException">The tar is damaged or truncated, or a sample has an extension twice.</exception>
    public static async IAsyncEnumerable<Sample> ReadAsync(Stream tar, string shard, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var archive = new TarArchive(tar, shard);
        await foreach (Sample sample in ReadAsync(archive, shard, new LeftOutFiles(), cancellationToken))
            yield return sample;
    }

    /// <summary>Yields the samples of a tar, or of a stretch of one.</summary>
    /// <param name="archive">The tar.</param>
    /// <param name="shard">Its name, for messages.</param>
    /// <param name="leftOut">Hears of members that belong to no sample.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async IAsyncEnumerable<Sample> ReadAsync(
        TarArchive archive, string shard, LeftOutFiles leftOut, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? key = null;
        long start = 0, end = 0, bytes = 0;
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (await archive.NextAsync(cancellationToken) is { } member)
        {
            if (!member.IsFile || MemberName.Parse(member.Name) is not { } name)
            {
                if (LeftOutReasons.OfMember(member) is { } reason)
                    leftOut.Add(reason, $"{shard}#{member.Name}");
                continue;
            }
            if (name.Key != key)
            {
                if (key is not null)
                    yield return new Sample(shard, key, start, members) { End = end };
                bytes = 0;
                (key, start, members) = (name.Key, member.HeaderOffset, new Dictionary<string, byte[]>(StringComparer.Ordinal));
            }
            // A sample lies in memory whole, and of a compressed tar a few bytes are enough for any length.
            if (bytes > 0 && bytes + member.Length > TarArchive.LargestMemberBytes)
                throw new ShardException(
                    $"Shard {shard} holds sample '{key}' of more than {TarArchive.LargestMemberBytes} bytes, with '{member.Name}' at byte {member.HeaderOffset}: larger than any image with its labels.");
            if (!members.TryAdd(name.Extension, await archive.ReadAsync(cancellationToken)))
                throw new ShardException(
                    $"Shard {shard} holds '{name.Extension}' of sample '{key}' twice, the second time at byte {member.HeaderOffset}: write each extension of a sample once.");
            end = member.End;
            bytes += member.Length;
        }
        if (key is not null)
            yield return new Sample(shard, key, start, members) { End = end };
    }
}
