using System.Formats.Tar;
using System.Text;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>
/// The tars of ILSVRC as they are distributed. The training tar holds a tar for each class, the validation tar images alone, whose
/// classes a list beside it gives: a wnid a line, in the order of the images' names. Images are read by their places in the tar, in any order.
/// </summary>
internal sealed class IlsvrcLayout(IDataFiles files, string? indexFolder)
{
    // Beyond it nobody wants to read the whole tar at the start of every attempt only to learn what is where.
    private const long LargestUnindexedBytes = 1L << 30;

    private const int PeekBytes = 64 << 10;

    private static readonly string[] LabelLists =
        ["ILSVRC2012_validation_synset_labels.txt", "imagenet_2012_validation_synset_labels.txt", "validation_synset_labels.txt"];

    /// <summary>Whether a tar is one of these: its first member is a tar, or an image called ILSVRC2012_….</summary>
    public static async Task<bool> RecogniseAsync(IDataFiles files, DataFile tar, CancellationToken cancellationToken)
    {
        await using Stream start = await files.OpenAsync(tar, 0, Math.Min(PeekBytes, tar.LengthBytes), cancellationToken);
        try
        {
            await using var reader = new TarReader(start, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                    continue;
                string name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
                return name.EndsWith(Tars.Extension, StringComparison.OrdinalIgnoreCase)
                    || (name.StartsWith("ILSVRC2012_", StringComparison.OrdinalIgnoreCase) && LabeledImage.IsImage(name));
            }
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or FormatException)
        {
            // Whoever reads it as shards says what is wrong with it.
        }
        return false;
    }

    /// <summary>The data set of these tars, an image a shard.</summary>
    /// <exception cref="ShardException">A tar is damaged or too large to be read without an index, or the list of labels does not fit.</exception>
    public async Task<DataSet> ReadAsync(Tars tars, CancellationToken cancellationToken)
    {
        var images = new List<(DataFile Tar, long Offset, int Length, string Name)>();
        foreach (DataFile tar in tars.Files)
        {
            ShardIndex index = await IndexAsync(tar, tars.IndexOf(tar), cancellationToken);
            images.AddRange(index.Names!.Select((name, at) => (tar, index.Offsets[at], checked((int)index.Lengths[at]), name)));
        }
        if (images.Count == 0)
            throw new ShardException($"There is no image in {tars.Files[0].Name}. Correct the path.");
        bool isNested = images.Any(image => image.Name.Contains('/', StringComparison.Ordinal));
        (string[]? classes, Func<string, long?> labelOf) = isNested ? ByFolder(images) : await ByListAsync(tars.Files[0], images, cancellationToken);
        return new DataSet(
            DataLayout.Ilsvrc,
            [.. images.Select(image => new ImageShard(files, image.Tar, image.Offset, image.Length, image.Name, labelOf(image.Name)))],
            classes);
    }

    private async Task<ShardIndex> IndexAsync(DataFile tar, DataFile? indexFile, CancellationToken cancellationToken)
    {
        ShardIndex? index = await ShardIndex.ReadAsync(files, tar, indexFile, cancellationToken)
            ?? (indexFolder is null ? null : await ShardIndex.ReadKeptAsync(indexFolder, tar, cancellationToken));
        if (index?.Names is not null)
            return index;
        if (tar.LengthBytes > LargestUnindexedBytes)
            throw new ShardException($"{tar.Name} needs an index{(indexFile is null ? "" : ", and the one beside it is of another version of it")}: run `hrnet dataset index {tar.Name}` once.");
        index = await ShardIndexer.ReadImagesAsync(files, tar, cancellationToken);
        if (indexFolder is not null)
            await index.KeepAsync(indexFolder, tar, cancellationToken);
        return index;
    }

    private static (string[] Classes, Func<string, long?> LabelOf) ByFolder(IEnumerable<(DataFile, long, int, string Name)> images)
    {
        string[] classes = [.. images.Select(image => FolderOf(image.Name)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var labels = classes.Index().ToDictionary(pair => pair.Item, pair => (long)pair.Index, StringComparer.Ordinal);
        return (classes, name => labels[FolderOf(name)]);
    }

    private async Task<(string[]? Classes, Func<string, long?> LabelOf)> ByListAsync(
        DataFile tar, List<(DataFile Tar, long Offset, int Length, string Name)> images, CancellationToken cancellationToken)
    {
        DataFile? list = null;
        foreach (string name in LabelLists)
            list ??= await files.FindAsync(tar.Folder + name, cancellationToken);
        if (list is null)
            return (null, _ => null);
        await using Stream content = await files.OpenAsync(list, 0, null, cancellationToken);
        using var reader = new StreamReader(content, Encoding.UTF8);
        string[] wnids = (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (wnids.Length != images.Count)
            throw new ShardException($"{list.Name} has {wnids.Length} lines, and the tar {images.Count} images: it must have a wnid for each, in the order of their names.");
        string[] classes = [.. wnids.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var labels = images.Select(image => image.Name).Order(StringComparer.Ordinal).Zip(wnids)
            .ToDictionary(pair => pair.First, pair => (long)Array.BinarySearch(classes, pair.Second, StringComparer.Ordinal), StringComparer.Ordinal);
        return (classes, name => labels[name]);
    }

    private static string FolderOf(string name) => name[..Math.Max(0, name.IndexOf('/', StringComparison.Ordinal))];
}
