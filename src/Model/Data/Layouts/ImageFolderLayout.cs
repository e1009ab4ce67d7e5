using HrNetBatch.Model.Labels;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>A folder for each class. The class is the place of the first folder's name (<see cref="ClassNumbers.Order"/>); an image right in the root has none.</summary>
internal sealed class ImageFolderLayout(IDataFiles files, string root)
{
    private static readonly string[] SplitNames = ["train", "training", "val", "valid", "validation", "test", "testing"];

    private readonly List<(DataFile File, string Relative)> _images = [];
    private string? _start;

    /// <summary>Images seen so far.</summary>
    public int Count => _images.Count;

    /// <summary>Takes a file if it is an image.</summary>
    public void Add(DataFile file)
    {
        if (!LabeledImage.IsImage(file.Name))
            return;
        _start ??= StartOf(file);
        _images.Add((file, file.Name[_start.Length..]));
    }

    /// <summary>The data set, an image a shard.</summary>
    /// <exception cref="ShardException">There is no image, or the folders are splits.</exception>
    public DataSet ToDataSet()
    {
        if (_images.Count == 0)
            throw new ShardException($"There is no image under {root}: {string.Join(", ", LabeledImage.Extensions)} are known. Correct the path.");
        string[] classes = ClassNumbers.Order(_images.Select(image => ClassOf(image.Relative)).OfType<string>());
        if (classes.Length > 0 && classes.All(name => SplitNames.Contains(name, StringComparer.OrdinalIgnoreCase)) && _images.Any(image => image.Relative.Count(c => c == '/') > 1))
            throw new ShardException($"{root} holds {string.Join(" and ", classes)}, which are splits and not classes. Name one of them, as in {root.TrimEnd('/')}/{classes[0]}/.");
        var labels = classes.Index().ToDictionary(pair => pair.Item, pair => (long)pair.Index, StringComparer.Ordinal);
        return new DataSet(
            DataLayout.ImageFolder,
            [.. _images.Select(image => new ImageShard(
                files, image.File, 0, checked((int)image.File.LengthBytes), image.Relative,
                ClassOf(image.Relative) is { } name ? labels[name] : null))],
            classes.Length > 0 ? classes : null);
    }

    // A listing may spell the root in full, where the user did not.
    private string StartOf(DataFile file)
    {
        string start = root.EndsWith('*') ? root[..(root.LastIndexOf('/') + 1)] : root;
        return file.Name.StartsWith(start, StringComparison.Ordinal) ? start : Path.GetFullPath(start).TrimEnd('/') + "/";
    }

    private static string? ClassOf(string relative) => relative.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? relative[..slash] : null;
}
