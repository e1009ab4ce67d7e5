using HrNetBatch.Model.Data.Tar;

namespace HrNetBatch.Model.Data;

/// <summary>Reads a tar once from its start to its end and writes down where its samples lie.</summary>
public static class ShardIndexer
{
    /// <summary>Whether a tar can have an index, by its name: one compressed with gzip has no places to read from.</summary>
    public static bool CanIndex(DataFile tar)
    {
        ArgumentNullException.ThrowIfNull(tar);
        return !Layouts.Tars.IsPacked(tar.Name);
    }

    /// <summary>Makes the index of a WebDataset shard, or of a tar of ILSVRC, and puts it beside the tar.</summary>
    /// <param name="files">Where the tar lies.</param>
    /// <param name="tar">The tar.</param>
    /// <param name="layout">What it holds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many samples it has.</returns>
    /// <exception cref="ShardException">The tar is damaged.</exception>
    public static async Task<long> WriteAsync(IDataFiles files, DataFile tar, DataLayout layout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(tar);
        ShardIndex index = layout is DataLayout.Ilsvrc
            ? await ReadImagesAsync(files, tar, new LeftOutFiles(), cancellationToken)
            : await ReadSamplesAsync(files, tar, cancellationToken);
        await files.WriteAsync(tar.Name + ShardIndex.Extension, new MemoryStream(index.ToBytes()), cancellationToken);
        return index.Offsets.Count;
    }

    private static async Task<ShardIndex> ReadSamplesAsync(IDataFiles files, DataFile tar, CancellationToken cancellationToken)
    {
        var (offsets, lengths) = (new List<long>(), new List<long>());
        await using Stream content = await files.OpenAsync(tar, 0, null, cancellationToken);
        await using var archive = new TarArchive(content, tar.Name);
        await foreach (Sample sample in ShardReader.ReadAsync(archive, tar.Name, new LeftOutFiles(), cancellationToken))
        {
            RequireIndexable(archive, tar);
            offsets.Add(sample.Offset);
            lengths.Add(sample.End - sample.Offset);
        }
        RequireIndexable(archive, tar);
        return new ShardIndex { Version = tar.Version, Offsets = offsets, Lengths = lengths };
    }

    /// <summary>Where the images of a tar lie, and those of the tars in it.</summary>
    /// <exception cref="ShardException">The tar is damaged, compressed, or has an image with holes.</exception>
    internal static async Task<ShardIndex> ReadImagesAsync(IDataFiles files, DataFile tar, LeftOutFiles leftOut, CancellationToken cancellationToken)
    {
        var (offsets, lengths, names) = (new List<long>(), new List<long>(), new List<string>());
        await using Stream content = await files.OpenAsync(tar, 0, null, cancellationToken);
        await using var archive = new TarArchive(content, tar.Name);
        await AddAsync(archive, folder: "");
        return new ShardIndex { Version = tar.Version, Offsets = offsets, Lengths = lengths, Names = names };

        async Task AddAsync(TarArchive from, string folder)
        {
            while (await from.NextAsync(cancellationToken) is { } member)
            {
                RequireIndexable(from, tar);
                if (!member.IsFile)
                    continue;
                string name = member.FileName;
                if (folder.Length == 0 && name.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) && LeftOutReasons.OfPlace(name) is null)
                {
                    await using Stream inner = from.OpenContent();
                    await using var nested = new TarArchive(inner, tar.Name, member.ContentOffset);
                    await AddAsync(nested, name[..^4] + "/");
                }
                else if (LabeledImage.IsImage(name))
                {
                    if (member.Pieces is not null || member.Length > TarArchive.LargestMemberBytes)
                        throw new ShardException($"Shard {tar.Name} holds '{member.Name}' of {member.Length} bytes at byte {member.HeaderOffset}"
                            + (member.Pieces is null ? ": larger than any image, so probably damaged." : ", which has holes. Write the tar without --sparse."));
                    offsets.Add(member.ContentOffset);
                    lengths.Add(member.Length);
                    names.Add(folder + name);
                }
                else
                {
                    leftOut.Add(LeftOutReasons.OfPlace(name) ?? LeftOutReasons.OfFile(name), $"{tar.Name}#{folder}{name}");
                }
            }
        }
    }

    // There are no places to read from: it is read from its start.
    private static void RequireIndexable(TarArchive archive, DataFile tar)
    {
        if (archive.IsCompressed)
            throw new ShardException(
                $"{tar.Name} is compressed with gzip, which is read from its start only: no index helps, "
                + "and images cannot be read from the middle. Unpack it (gunzip) to have both.");
    }
}
