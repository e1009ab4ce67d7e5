using System.Formats.Tar;

namespace HrNetBatch.Model.Data;

/// <summary>Reads a tar once from its start to its end and writes down where its samples lie.</summary>
public static class ShardIndexer
{
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
            ? await ReadImagesAsync(files, tar, cancellationToken)
            : await ReadSamplesAsync(files, tar, cancellationToken);
        await files.WriteAsync(tar.Name + ShardIndex.Extension, new MemoryStream(index.ToBytes()), cancellationToken);
        return index.Offsets.Count;
    }

    private static async Task<ShardIndex> ReadSamplesAsync(IDataFiles files, DataFile tar, CancellationToken cancellationToken)
    {
        var (offsets, lengths) = (new List<long>(), new List<long>());
        await using Stream content = await files.OpenAsync(tar, 0, null, cancellationToken);
        await foreach (Sample sample in ShardReader.ReadAsync(content, tar.Name, cancellationToken))
        {
            offsets.Add(sample.Offset);
            lengths.Add(sample.End - sample.Offset);
        }
        return new ShardIndex { Version = tar.Version, Offsets = offsets, Lengths = lengths };
    }

    /// <summary>Where the images of a tar lie, and those of the tars in it.</summary>
    internal static async Task<ShardIndex> ReadImagesAsync(IDataFiles files, DataFile tar, CancellationToken cancellationToken)
    {
        var (offsets, lengths, names) = (new List<long>(), new List<long>(), new List<string>());
        await using Stream content = await files.OpenAsync(tar, 0, null, cancellationToken);
        await AddAsync(content, origin: 0, folder: "");
        return new ShardIndex { Version = tar.Version, Offsets = offsets, Lengths = lengths, Names = names };

        async Task AddAsync(Stream stream, long origin, string folder)
        {
            await using var counted = new CountingStream(stream, origin);
            await using var reader = new TarReader(counted, leaveOpen: true);
            while (await ShardReader.NextAsync(reader, counted, tar.Name, isPart: false, cancellationToken) is { } entry)
            {
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.DataStream is not { } data)
                    continue;
                string name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
                if (folder.Length == 0 && name.EndsWith(".tar", StringComparison.OrdinalIgnoreCase))
                    await AddAsync(data, counted.Position, name[..^4] + "/");
                else if (LabeledImage.IsImage(name))
                {
                    offsets.Add(counted.Position);
                    lengths.Add(entry.Length);
                    names.Add(folder + name);
                }
            }
        }
    }
}
