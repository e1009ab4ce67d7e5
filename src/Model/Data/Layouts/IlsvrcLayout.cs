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

    private const long LargestListBytes = 16 << 20;

    private const string NoList = "the list of the labels does not lie beside the tar: put ILSVRC2012_validation_synset_labels.txt, with a wnid a line, there";
    private static readonly string[] LabelLists =
        ["ILSVRC2012_validation_synset_labels.txt", "imagenet_2012_validation_synset_labels.txt", "validation_synset_labels.txt"];

    /// <summary>The data set of these tars, an image a shard.</summary>
    /// <exception cref="ShardException">A tar is damaged or too large to be read without an index, or the list of labels does not fit.</exception>
    public async Task<DataSet> ReadAsync(Tars tars, CancellationToken cancellationToken)
    {
        var leftOut = new LeftOutFiles();
        var images = new List<(DataFile Tar, long Offset, int Length, string Name)>();
        foreach (DataFile tar in tars.Files)
        {
            ShardIndex index = await IndexAsync(tar, tars.IndexOf(tar), leftOut, cancellationToken);
            if (index.Lengths.Any(length => length > int.MaxValue))
                throw new ShardException(
                    $"The index of {tar.Name} tells of an image of {index.Lengths.Max()} bytes: make it anew (hrnet dataset index).");
            images.AddRange(index.Names!.Select((name, at) => (tar, index.Offsets[at], (int)index.Lengths[at], name)));
        }
        if (images.Count == 0)
            throw new ShardException($"There is no image in {tars.Files[0].Name}. {LeftOut.Text(leftOut.ToList())}Correct the path.");
        bool isNested = images[0].Name.Contains('/', StringComparison.Ordinal);
        if (images.Find(image => image.Name.Contains('/', StringComparison.Ordinal) != isNested) is { Tar: { } other })
            throw new ShardException(
                $"{images[0].Tar.Name} and {other.Name} hold images both in tars, one for each class, and by themselves. "
                + "Name the tar of one kind: the training tar, or the validation tar.");
        (string[]? classes, Func<string, long?> labelOf) = isNested ? ByFolder(images) : await ByListAsync(tars.Files[0], images, cancellationToken);
        return new DataSet(
            DataLayout.Ilsvrc,
            [.. images.Select(image => new ImageShard(files, image.Tar, image.Offset, image.Length, image.Name, labelOf(image.Name), NoList))],
            classes,
            leftOut.ToList());
    }

    private async Task<ShardIndex> IndexAsync(DataFile tar, DataFile? indexFile, LeftOutFiles leftOut, CancellationToken cancellationToken)
    {
        ShardIndex? index = await ShardIndex.ReadAsync(files, tar, indexFile, cancellationToken)
            ?? (indexFolder is null ? null : await ShardIndex.ReadKeptAsync(indexFolder, tar, cancellationToken));
        if (index?.Names is not null)
            return index;
        if (tar.LengthBytes > LargestUnindexedBytes)
            throw new ShardException(
                $"{tar.Name} needs an index{(indexFile is null ? "" : ", and the one beside it is of another version of it")}: "
                + $"run `hrnet dataset index {tar.Name}` once.");
        index = await ShardIndexer.ReadImagesAsync(files, tar, leftOut, cancellationToken);
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
        if (list.LengthBytes > LargestListBytes)
            throw new ShardException($"{list.Name} has {list.LengthBytes} bytes: it is no list of a wnid a line.");
        if (images.CountBy(image => image.Name, StringComparer.Ordinal).FirstOrDefault(pair => pair.Value > 1).Key is { } twice)
            throw new ShardException(
                $"{tar.Name} holds '{twice}' more than once, and {list.Name} has one line for each name. "
                + "Name one tar only, or write it again.");
        await using Stream content = await files.OpenAsync(list, 0, null, cancellationToken);
        using var reader = new StreamReader(content, Encoding.UTF8);
        string[] wnids = (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (wnids.Length != images.Count)
            throw new ShardException(
                $"{list.Name} has {Counted.Of(wnids.Length, "line")}, and the tar {Counted.Of(images.Count, "image")}: it must have a wnid for each, "
                + $"in the order of their names. The tar is {tar.Name}.");
        string[] classes = [.. wnids.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var labels = images.Select(image => image.Name).Order(StringComparer.Ordinal).Zip(wnids)
            .ToDictionary(pair => pair.First, pair => (long)Array.BinarySearch(classes, pair.Second, StringComparer.Ordinal), StringComparer.Ordinal);
        return (classes, name => labels[name]);
    }

    private static string FolderOf(string name) => name[..Math.Max(0, name.IndexOf('/', StringComparison.Ordinal))];
}
