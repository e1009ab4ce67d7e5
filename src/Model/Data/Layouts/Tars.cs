namespace HrNetBatch.Model.Data.Layouts;

/// <summary>The tars of a listing, with their indexes.</summary>
internal sealed class Tars
{
    public const string Extension = ".tar";

    private readonly Dictionary<string, DataFile> _indexes = new(StringComparer.Ordinal);

    /// <summary>The tars, in the order of the listing, or of the names that were asked for.</summary>
    public List<DataFile> Files { get; private init; } = [];

    /// <summary>Takes a file for what its name says.</summary>
    public void Add(DataFile file)
    {
        if (file.Name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
            Files.Add(file);
        else if (file.Name.EndsWith(Extension + ShardIndex.Extension, StringComparison.OrdinalIgnoreCase))
            _indexes[file.Name] = file;
    }

    /// <summary>The index of a tar; null where there is none.</summary>
    public DataFile? IndexOf(DataFile tar) => _indexes.GetValueOrDefault(tar.Name + ShardIndex.Extension);

    /// <summary>The tars of these names, in their order.</summary>
    /// <exception cref="ShardException">One is not there.</exception>
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
        DataFile Find(string name) => byName.GetValueOrDefault(name.Contains("://", StringComparison.Ordinal) ? name : Path.GetFullPath(name))
            ?? throw new ShardException($"There is no {name}. Correct the path, or upload the shard (hrnet upload); names are case-sensitive.");
    }
}
