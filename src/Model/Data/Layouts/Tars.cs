namespace HrNetBatch.Model.Data.Layouts;

/// <summary>The tars of a listing, with their indexes.</summary>
internal sealed class Tars
{
    public const string Extension = ".tar";

    private static readonly string[] Packed = [".tar.gz", ".tgz"];

    private readonly Dictionary<string, DataFile> _indexes = new(StringComparer.Ordinal);

    /// <summary>The tars, in the order of the listing, or of the names that were asked for.</summary>
    public List<DataFile> Files { get; private init; } = [];

    /// <summary>Whether a name is that of a tar, perhaps compressed with gzip.</summary>
    public static bool IsTar(string name) => name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) || IsPacked(name);

    /// <summary>Whether a name is that of a tar compressed with gzip.</summary>
    public static bool IsPacked(string name) => Packed.Any(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes a file for what its name says; false where it is neither a tar nor an index.</summary>
    public bool Add(DataFile file)
    {
        if (IsTar(file.Name))
            Files.Add(file);
        else if (file.Name.EndsWith(Extension + ShardIndex.Extension, StringComparison.OrdinalIgnoreCase))
            _indexes[file.Name] = file;
        else
            return false;
        return true;
    }

    /// <summary>Drops the compressed form of tars that are there uncompressed.</summary>
    public void DropDoubles(LeftOutFiles leftOut)
    {
        var plain = new HashSet<string>(Files.Where(file => !IsPacked(file.Name)).Select(file => file.Name), StringComparer.Ordinal);
        Files.RemoveAll(file =>
        {
            bool isDouble = IsPacked(file.Name) && plain.Contains(Unpacked(file.Name));
            if (isDouble)
                leftOut.Add("the same tar is there uncompressed, and that one is read", file.Name);
            return isDouble;
        });
    }

    /// <summary>The index of a tar; null where there is none.</summary>
    public DataFile? IndexOf(DataFile tar) => _indexes.GetValueOrDefault(tar.Name + ShardIndex.Extension);

    /// <summary>The tars of these names, in their order.</summary>
    /// <exception cref="ShardException">One is not there, or cannot be read.</exception>
    public Tars Only(IReadOnlyList<string> names)
    {
        var byName = new Dictionary<string, DataFile>(StringComparer.Ordinal);
        foreach (DataFile file in Files)
            byName[file.Name] = file;
        var only = new Tars { Files = [.. names.Select(Find)] };
        foreach ((string name, DataFile index) in _indexes)
            only._indexes[name] = index;
        return only;

        // A local path may be written in several ways.
        DataFile Find(string name) => byName.GetValueOrDefault(name.Contains("://", StringComparison.Ordinal) ? name : Path.GetFullPath(name)) switch
        {
            null => throw new ShardException(
                $"There is no {name}. Correct the path, or upload the shard (hrnet upload); names are case-sensitive."),
            { Unread: { } trouble } => throw new ShardException($"{name} is {trouble}."),
            var file => file,
        };
    }

    private static string Unpacked(string name) =>
        name.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase) ? name[..^4] + Extension : name[..^3];
}
