using System.Text.Json;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>A data set's <c>_info.json</c>: its splits, with the shards of each and how many samples they have, as timm and webdataset's tools write it.</summary>
internal sealed class ShardInfo
{
    /// <summary>The field of a split, or of the whole file, with the names of its classes by index.</summary>
    public const string ClassNames = "class_names";

    /// <summary>What such a file is called by those who write it; <c>info.json</c> is read too.</summary>
    public const string FileName = "_info.json";

    private const int LargestBytes = 64 << 20;
    private const long MostSamples = 1L << 40;   // of a shard; sums of such numbers do not overflow

    private readonly Dictionary<string, List<string>> _splits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _classes = new(StringComparer.Ordinal);
    private readonly DataFile _file;

    private ShardInfo(DataFile file) => _file = file;

    /// <summary>Whether a path names such a file, perhaps with a split behind a #.</summary>
    public static bool IsInfoPath(string path, out string file, out string? split)
    {
        int hash = path.LastIndexOf('#');
        (file, split) = hash < 0 ? (path, null) : (path[..hash], path[(hash + 1)..]);
        return file[(file.LastIndexOf('/') + 1)..] is FileName or "info.json";
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="ShardException">It is not such a file.</exception>
    public static async Task<ShardInfo> ReadAsync(IDataFiles files, DataFile file, CancellationToken cancellationToken)
    {
        if (file.LengthBytes > LargestBytes)
            throw new ShardException($"{file.Name} has {file.LengthBytes} bytes: it is no list of shards. Correct the path.");
        var info = new ShardInfo(file);
        await using Stream content = await files.OpenAsync(file, 0, null, cancellationToken);
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken);
            IReadOnlyList<string>? classes = ClassesOf(document.RootElement);
            foreach (JsonProperty split in document.RootElement.GetProperty("splits").EnumerateObject())
            {
                info.Add(split);
                if ((ClassesOf(split.Value) ?? classes) is { } names)
                    info._classes[split.Name] = names;
            }
        }
        catch (Exception cause) when (JsonFault.Is(cause))
        {
            throw new ShardException(
                $"{file.Name} is not {{\"splits\": {{NAME: {{\"filenames\": […], \"shard_lengths\": […]}}}}}}: "
                + $"{(cause is FormatException ? cause.Message.TrimEnd('.') : JsonFault.Of(cause))}. Correct it, or name the tars themselves.", cause);
        }
        return info;
    }

    /// <summary>Full names of a split's shards; null: of the only one.</summary>
    /// <exception cref="ShardException">There is no such split, or several.</exception>
    public IReadOnlyList<string> NamesOf(string? split)
    {
        string known = $"{_file.Name} has the splits {string.Join(", ", _splits.Keys.Order(StringComparer.Ordinal))}";
        if (split is null && _splits.Count == 1)
            split = _splits.Keys.Single();
        if (split is null)
            throw new ShardException(
                $"{known}: say which, as in {_file.Name}#{_splits.Keys.Order(StringComparer.Ordinal).FirstOrDefault()}.");
        List<string> names = _splits.GetValueOrDefault(split) ?? throw new ShardException($"{known}, and not '{split}'.");
        return names.Count > 0 ? names : throw new ShardException(
            $"{_file.Name} names no shard of the split '{split}'. Correct it, or name the tars themselves.");
    }

    /// <summary>Reads it; null where it is something else of that name.</summary>
    public static async Task<ShardInfo?> TryReadAsync(IDataFiles files, DataFile file, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(files, file, cancellationToken);
        }
        catch (ShardException)
        {
            return null;
        }
    }

    /// <summary>The splits, in ordinal order.</summary>
    public IReadOnlyList<string> Splits => [.. _splits.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Names of the classes of a split by index, or, for null, of the only one; null where nothing is said.</summary>
    public IReadOnlyList<string>? ClassesOf(string? split) => _classes.GetValueOrDefault(split ?? _splits.Keys.Single());

    /// <summary>Names of the classes of some tars by index; null where nothing is said.</summary>
    /// <exception cref="ShardException">They are of several splits, which have other classes or are not to be mixed.</exception>
    public IReadOnlyList<string>? ClassesOf(Tars tars, bool allowsSeveralSplits)
    {
        string[] splits = [.. _splits.Where(split => tars.Files.Any(tar => split.Value.Contains(tar.Name))).Select(split => split.Key).Order(StringComparer.Ordinal)];
        IReadOnlyList<string>?[] classes = [.. splits.Select(split => _classes.GetValueOrDefault(split))];
        if (splits.Length > 1 && (!allowsSeveralSplits || classes.Any(one => !(one ?? []).SequenceEqual(classes[0] ?? []))))
            throw new ShardException($"There are shards of the splits {string.Join(" and ", splits)} among them, as {_file.Name} says: say which is meant, as in {_file.Name}#{splits[0]}.");
        return classes.FirstOrDefault();
    }

    /// <summary>How many samples a shard is said to have; null where nothing is said.</summary>
    public long? CountOf(string name) => _counts.TryGetValue(name, out long count) ? count : null;

    private static string Checked(string name, string split) => NameInFolder.Fault(name) is { } fault
        ? throw new FormatException($"the split {split} names the file '{ForeignText.Printable(name, 100)}', which {fault}") : name;

    private static string[]? ClassesOf(JsonElement element)
    {
        if (!element.TryGetProperty(ClassNames, out JsonElement names) || names.ValueKind == JsonValueKind.Null)
            return null;
        string[] classes = [.. names.EnumerateArray().Select(name => name.GetString() ?? throw new FormatException($"{ClassNames} must be texts."))];
        return ClassList.FaultOf(classes) is { } fault ? throw new FormatException($"in {ClassNames} {fault}.") : classes;
    }

    private void Add(JsonProperty split)
    {
        // Names may be written with braces, or as an object with a count each.
        List<string> names = [];
        JsonElement filenames = split.Value.GetProperty("filenames");
        foreach (JsonElement name in filenames.ValueKind == JsonValueKind.String ? [filenames] : filenames.EnumerateArray().ToArray())
            names.AddRange(BraceExpansion.Expand(name.GetString() ?? throw new FormatException($"among the filenames of the split {split.Name} one is null"))
                .Select(expanded => _file.Folder + Checked(expanded, split.Name)));
        _splits[split.Name] = names;
        if (!split.Value.TryGetProperty("shard_lengths", out JsonElement lengths) || lengths.ValueKind != JsonValueKind.Array)
            return;
        long[] counts = [.. lengths.EnumerateArray().Select(length => length.TryGetInt64(out long count) ? count : throw new FormatException($"the split {split.Name} gives a length that is no whole number."))];
        if (counts.Length != names.Count)
            throw new FormatException($"the split {split.Name} names {Counted.Of(names.Count, "shard")} and gives {Counted.Of(counts.Length, "length")}.");
        if (counts.Any(count => count is < 0 or > MostSamples))
            throw new FormatException($"the split {split.Name} gives a length that cannot be.");
        foreach ((string name, long count) in names.Zip(counts))
            _counts[name] = count;
    }
}
