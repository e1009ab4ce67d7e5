using System.Globalization;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>Finds a data set by its path and recognises its layout from what lies there.</summary>
/// <param name="files">Where to look.</param>
/// <param name="indexFolder">A folder of this machine that keeps indexes of tars; null: none does.</param>
public sealed class DataSetFinder(IDataFiles files, string? indexFolder = null)
{
    private const string LabelsName = "labels.txt";
    private const string Option = "--data-layout (dataLayout)";

    /// <summary>Finds the data set. Nothing is read but lists, indexes, and the first members of a tar.</summary>
    /// <param name="path">
    /// Tars (<c>train-{000..009}.tar</c>), a folder or <c>prefix*</c> of tars or of a folder for each class, a folder with MDS shards,
    /// or a <c>_info.json</c>, with <c>#SPLIT</c> where it has several.
    /// </param>
    /// <param name="layout">The layout; null: recognised.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardException">There is none, or not what the layout says.</exception>
    public async Task<DataSet> FindAsync(string path, DataLayout? layout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (ShardInfo.IsInfoPath(path, out string file, out string? split))
            return await TarsOfInfoAsync(file, split, layout, cancellationToken);
        if (Tars.IsTar(path))
            return await NamedTarsAsync(path, await NamedAsync(path, cancellationToken), layout, [], cancellationToken);
        if (path.EndsWith("/" + MdsLayout.IndexName, StringComparison.Ordinal))
            return await MdsLayout.ReadAsync(files, await FileAsync(path, cancellationToken), cancellationToken);

        string folder = path.EndsWith('*') ? path : path.TrimEnd('/') + "/";
        if (layout is null or DataLayout.Mds && !path.EndsWith('*') && await files.FindAsync(folder + MdsLayout.IndexName, cancellationToken) is { } index
            && (layout is DataLayout.Mds || await MdsLayout.IsIndexAsync(files, index, cancellationToken)))
            return await MdsLayout.ReadAsync(files, index, cancellationToken);
        if (layout is DataLayout.Mds)
            throw await new SingleFile(files).RefusalAsync(folder, cancellationToken) ?? new ShardException(
                $"There is no {MdsLayout.IndexName} in {path}. Correct the path: it names the folder that MosaicML's MDSWriter wrote.");
        return await InFolderAsync(folder, layout, cancellationToken);
    }

    /// <summary>Finds the tars of a data set, as for making their indexes.</summary>
    /// <exception cref="ShardException">There is none, or the data set does not lie in tars.</exception>
    public async Task<(DataLayout Layout, IReadOnlyList<DataFile> Tars)> FindTarsAsync(string path, DataLayout? layout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        var tars = new Tars();
        if (ShardInfo.IsInfoPath(path, out string file, out string? split))
        {
            DataFile info = await FileAsync(file, cancellationToken);
            IReadOnlyList<string> names = (await ShardInfo.ReadAsync(files, info, cancellationToken)).NamesOf(split);
            await foreach (DataFile found in files.ListAsync(info.Folder, cancellationToken))
                tars.Add(found);
            tars = tars.Only(names);
        }
        else if (Tars.IsTar(path))
        {
            tars = await NamedAsync(path, cancellationToken);
        }
        else
        {
            string folder = path.EndsWith('*') ? path : path.TrimEnd('/') + "/";
            await foreach (DataFile found in files.ListAsync(folder, cancellationToken))
                if (found.Unread is null && LeftOutReasons.OfPlace(found.RelativeTo(folder)) is null)
                    tars.Add(found);
        }
        if (tars.Files.Count == 0)
            throw await new SingleFile(files).RefusalAsync(path, cancellationToken) ?? new ShardException(
                $"There is no {Tars.Extension} file under {path}. "
                + "Only tars need an index: images of their own and MDS shards are read from any place as they are, and what is compressed with gzip from its start only.");
        return (layout ?? await RecogniseAsync(tars, cancellationToken), tars.Files);
    }

    private async Task<DataLayout> RecogniseAsync(Tars tars, CancellationToken cancellationToken)
    {
        (TarContent content, ShardException? fault) = await TarEvidence.OfAsync(files, tars.Files, cancellationToken);
        return fault is null ? LayoutOf(content, tars.Files[0]) : throw fault;
    }

    private static DataLayout LayoutOf(TarContent content, DataFile tar) => content switch
    {
        TarContent.IlsvrcImages or TarContent.IlsvrcClasses => DataLayout.Ilsvrc,
        TarContent.TarsOfShards => throw new ShardException(
            $"{tar.Name} is a tar of tars with labelled samples. Unpack it, and name the tars in it."),
        _ => DataLayout.WebDataset,
    };

    private async Task<DataSet> InFolderAsync(string folder, DataLayout? layout, CancellationToken cancellationToken)
    {
        var tars = new Tars();
        var images = new ImageFolderLayout(files, folder);
        var others = new LeftOutFiles();
        long imageCount = 0;
        DataFile? info = null;
        await foreach (DataFile file in files.ListAsync(folder, cancellationToken))
        {
            images.Add(file);
            if (LeftOutReasons.OfPlace(file.RelativeTo(folder)) is { } hidden)
                others.Add(hidden, file.Name);
            else if (file.Unread is { } trouble)
                others.Add(trouble, file.Name);
            else if (file.IsEmptyFolder || tars.Add(file))
                continue;
            else if (ShardInfo.IsInfoPath(file.Name, out _, out _) && file.Name.LastIndexOf('/') < folder.Length)
                info ??= file;
            else if (images.Count > imageCount)
                others.Add($"an image beside tars: {Option} imageFolder reads images instead", file.Name);
            else if (file.FileName != LabelsName)
                others.Add(Tar.PackedKinds.OfName(file.Name) is { } kind
                    ? $"a tar compressed with {kind}: unpack it, or compress it with gzip"
                    : "no tar", file.Name);
            imageCount = images.Count;
        }
        tars.DropDoubles(others);
        if (tars.Files.Count == 0 && images.Count == 0 && await new SingleFile(files).RefusalAsync(folder, cancellationToken) is { } single)
            throw single;
        if (layout is DataLayout.ImageFolder || (layout is null && tars.Files.Count == 0 && images.Count > 0))
            return images.ToDataSet();
        if (tars.Files.Count == 0)
            throw new ShardException(
                $"There is no {Tars.Extension} file and no image under {folder}. "
                + $"{LeftOut.Text(images.LeftOut)}Correct the path, or upload data there (hrnet upload).");
        if (layout is null && images.Count > 0 && await AreImagesMeantAsync(tars, images, folder, cancellationToken))
            return images.ToDataSet();
        if (folder.EndsWith('*'))
            return await NamedTarsAsync(folder, tars, layout, others.ToList(), cancellationToken);
        ShardInfo? about = info is null ? null : await ShardInfo.ReadAsync(files, info, cancellationToken);
        return await TarsAsync(tars, about, about?.ClassesOf(tars, allowsSeveralSplits: false), layout, others.ToList(), cancellationToken);
    }

    // Tars and images in one folder: which of them are the data, what is in them tells, or else whoever asks.
    private async Task<bool> AreImagesMeantAsync(Tars tars, ImageFolderLayout images, string folder, CancellationToken cancellationToken)
    {
        (TarContent content, _) = await TarEvidence.OfAsync(files, tars.Files, cancellationToken);
        bool areSamples = content is TarContent.LabelledSamples or TarContent.IlsvrcImages or TarContent.IlsvrcClasses;
        if (images.HasClasses ? areSamples : content is TarContent.Damaged)
            throw new ShardException(string.Create(CultureInfo.InvariantCulture,
                $"{folder} holds {Counted.Of(images.Count, "image")}{(images.HasClasses ? " in folders" : "")} and {Counted.Of(tars.Files.Count, "tar")}, such as {tars.Files[0].Name}: either may be the data. ")
                + $"Say which with {Option}, imageFolder or {(LayoutOf(content, tars.Files[0]) is DataLayout.Ilsvrc ? "ilsvrc" : "webDataset")}, or name the tars or the folder of the images alone.");
        return images.HasClasses || content is TarContent.Nothing;
    }

    private async Task<DataSet> TarsOfInfoAsync(string infoPath, string? split, DataLayout? layout, CancellationToken cancellationToken)
    {
        DataFile file = await FileAsync(infoPath, cancellationToken);
        ShardInfo info = await ShardInfo.ReadAsync(files, file, cancellationToken);
        var listed = new Tars();
        await foreach (DataFile found in files.ListAsync(file.Folder, cancellationToken))
            listed.Add(found);
        return await TarsAsync(listed.Only(info.NamesOf(split)), info, info.ClassesOf(split), layout, [], cancellationToken);
    }

    private async Task<Tars> NamedAsync(string pattern, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names;
        try
        {
            names = BraceExpansion.Expand(pattern);
        }
        catch (FormatException cause)
        {
            throw new ShardException(cause.Message, cause);
        }
        int brace = pattern.IndexOf('{', StringComparison.Ordinal);
        var listed = new Tars();
        await foreach (DataFile file in files.ListAsync((brace < 0 ? pattern : pattern[..brace]) + "*", cancellationToken))
            listed.Add(file);
        return listed.Only(names);
    }

    // Tars that were named are taken as they are; of the file in their folder only the names of their classes matter.
    private async Task<DataSet> NamedTarsAsync(string path, Tars tars, DataLayout? layout, IReadOnlyList<LeftOut> leftOut, CancellationToken cancellationToken)
    {
        DataFile? file = await files.FindAsync(path[..(path.LastIndexOf('/') + 1)] + ShardInfo.FileName, cancellationToken);
        ShardInfo? info = file is null ? null : await ShardInfo.TryReadAsync(files, file, cancellationToken);
        return await TarsAsync(tars, null, info?.ClassesOf(tars, allowsSeveralSplits: true), layout, leftOut, cancellationToken);
    }

    private async Task<DataSet> TarsAsync(
        Tars tars, ShardInfo? info, IReadOnlyList<string>? classes, DataLayout? layout, IReadOnlyList<LeftOut> leftOut, CancellationToken cancellationToken)
    {
        layout ??= await RecogniseAsync(tars, cancellationToken);
        if (layout is DataLayout.Ilsvrc)
            return await new IlsvrcLayout(files, indexFolder).ReadAsync(tars, cancellationToken);
        if (layout is not DataLayout.WebDataset)
            throw new ShardException(
                $"{tars.Files[0].Name} is a tar, and the layout {layout} has none. Leave the layout out, and it is recognised.");
        return new DataSet(DataLayout.WebDataset,
            [.. tars.Files.Select(tar => new TarShard(files, tar, tars.IndexOf(tar), info?.CountOf(tar.Name), indexFolder))],
            classes, leftOut);
    }

    private async Task<DataFile> FileAsync(string name, CancellationToken cancellationToken) =>
        await files.FindAsync(name, cancellationToken) ?? throw new ShardException(
            $"There is no {name}. Correct the path; names are case-sensitive.");
}
