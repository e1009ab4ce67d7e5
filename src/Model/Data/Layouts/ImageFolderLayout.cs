using HrNetBatch.Model.Labels;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>A folder for each class. The class is the place of the first folder's name (<see cref="ClassNumbers.Order"/>); an image right in the root has none.</summary>
internal sealed class ImageFolderLayout(IDataFiles files, string root)
{
    // As of a member of a tar.
    private const long LargestImageBytes = Tar.TarArchive.LargestMemberBytes;

    private const string NoFolder = "it lies in no folder of a class: move it into the folder that is called by its class, or out of the data set";

    private static readonly string[] SplitNames = ["train", "training", "val", "valid", "validation", "test", "testing"];

    private readonly List<(DataFile File, string Relative)> _images = [];
    private readonly LeftOutFiles _leftOut = new();
    private readonly Dictionary<string, string> _bareFolders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Count, string Example)> _unreadByClass = new(StringComparer.Ordinal);

    /// <summary>Images seen so far.</summary>
    public int Count => _images.Count;

    /// <summary>Whether an image lies in a folder, which is a class then.</summary>
    public bool HasClasses => _images.Exists(image => ClassOf(image.Relative) is not null);

    /// <summary>What was seen so far and is no image.</summary>
    public IReadOnlyList<LeftOut> LeftOut
    {
        get
        {
            var all = new LeftOutFiles();
            all.Add(_leftOut.ToList());
            // The marker of a folder in blob storage says nothing where the folder has images.
            var classes = new HashSet<string?>(_images.Select(image => ClassOf(image.Relative)));
            foreach ((string name, string example) in _bareFolders)
                if (!classes.Contains(name) && !_unreadByClass.ContainsKey(name))
                    all.Add(LeftOutReasons.EmptyFolder, example);
            return all.ToList();
        }
    }

    /// <summary>Takes a file if it is an image, and else notes why not.</summary>
    public void Add(DataFile file)
    {
        string relative = file.RelativeTo(root);
        string? folder = ClassOf(relative);
        bool isHidden = LeftOutReasons.OfPlace(relative) is not null;
        if (folder is not null && (isHidden || file.IsEmptyFolder) && LeftOutReasons.OfPlace(folder + "/") is null)
            _bareFolders.TryAdd(folder, file.Name[..^(relative.Length - folder.Length - 1)]);
        if (isHidden)
            _leftOut.Add(LeftOutReasons.OfPlace(relative)!, file.Name);
        else if (file.Unread is { } trouble)
            Miss(trouble);
        else if (file.IsEmptyFolder)
            return;
        else if (!LabeledImage.IsImage(file.Name))
            Miss(LeftOutReasons.OfFile(file.Name));
        else if (file.LengthBytes > LargestImageBytes)
            Miss(LeftOutReasons.TooLarge);
        else
            _images.Add((file, relative));

        void Miss(string reason)
        {
            _leftOut.Add(reason, file.Name);
            if (folder is not { } name || !LeftOutReasons.MayBeImage(file.Name))
                return;
            (long count, string example) = _unreadByClass.GetValueOrDefault(name, (0, $"{file.Name} ({reason})"));
            _unreadByClass[name] = (count + 1, example);
        }
    }

    /// <summary>The data set, an image a shard.</summary>
    /// <exception cref="ShardException">There is no image, a class has lost all of its, or the folders are splits.</exception>
    public DataSet ToDataSet()
    {
        if (_images.Count == 0)
            throw new ShardException(
                $"There is no image under {root}: {string.Join(", ", LabeledImage.Extensions)} are known. "
                + $"{Data.LeftOut.Text(LeftOut)}Correct the path.");
        string[] classes = ClassNumbers.Order(_images.Select(image => ClassOf(image.Relative)).OfType<string>());
        if (classes.Length > 0 && classes.All(name => SplitNames.Contains(name, StringComparer.OrdinalIgnoreCase)) && _images.Any(image => image.Relative.Count(c => c == '/') > 1))
            throw new ShardException(
                $"{root} holds {string.Join(" and ", classes)}, which are splits and not classes. "
                + $"Name one of them, as in {root.TrimEnd('/')}/{classes[0]}/.");
        // Left out, it would take its place among the classes with it, and all after it would be called by another's name.
        foreach ((string name, (long count, string example)) in _unreadByClass.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            if (classes.Length > 0 && !classes.Contains(name))
                throw new ShardException(
                    $"The class {name} of {root} has no image that can be read, "
                    + $"and {count} {(count == 1 ? "file that is" : "files that are")} not: {example}. Convert them, or if it is no class, move the folder out of the data set.");
        var labels = classes.Index().ToDictionary(pair => pair.Item, pair => (long)pair.Index, StringComparer.Ordinal);
        return new DataSet(
            DataLayout.ImageFolder,
            [.. _images.Select(image => new ImageShard(
                files, image.File, 0, (int)image.File.LengthBytes, image.Relative,
                ClassOf(image.Relative) is { } name ? labels[name] : null, NoFolder))],
            classes.Length > 0 ? classes : null,
            LeftOut);
    }

    private static string? ClassOf(string relative) => relative.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? relative[..slash] : null;
}
