using System.Text.Json;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>A data set's <c>_info.json</c>: its splits, with the shards of each and how many samples they have, as timm and webdataset's tools write it.</summary>
internal sealed class ShardInfo
{
    private const int LargestBytes = 64 << 20;
    private const long MostSamples = 1L << 40;   // of a shard; sums of such numbers do not overflow

    private readonly Dictionary<string, List<string>> _splits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly DataFile _file;

    private ShardInfo(DataFile file) => _file = file;

    /// <summary>Whether a path names such a file, perhaps with a split behind a #.</summary>
    public static bool IsInfoPath(string path, out string file, out string? split)
    {
        int hash = path.LastIndexOf('#');
        (file, split) = hash < 0 ? (path, null) : (path[..hash], path[(hash + 1)..]);
        return file[(file.LastIndexOf('/') + 1)..] is "_info.json" or "info.json";
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
            foreach (JsonProperty split in document.RootElement.GetProperty("splits").EnumerateObject())
                info.Add(split);
        }
        catch (Exception cause) when (cause is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ShardException(
                $"{file.Name} is not {{\"splits\": {{NAME: {{\"filenames\": […], \"shard_lengths\": […]}}}}}}: "
                + $"{cause.Message} Correct it, or name the tars themselves.", cause);
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

    /// <summary>How many samples a shard is said to have; null where nothing is said.</summary>
    public long? CountOf(string name) => _counts.TryGetValue(name, out long count) ? count : null;

    private void Add(JsonProperty split)
    {
        // Names may be written with braces, or as an object with a count each.
        List<string> names = [];
        JsonElement filenames = split.Value.GetProperty("filenames");
        foreach (JsonElement name in filenames.ValueKind == JsonValueKind.String ? [filenames] : filenames.EnumerateArray().ToArray())
            names.AddRange(BraceExpansion.Expand(name.GetString() ?? "").Select(expanded => _file.Folder + expanded));
        _splits[split.Name] = names;
        if (!split.Value.TryGetProperty("shard_lengths", out JsonElement lengths) || lengths.ValueKind != JsonValueKind.Array)
            return;
        long[] counts = [.. lengths.EnumerateArray().Select(length => length.GetInt64())];
        if (counts.Length != names.Count)
            throw new FormatException($"the split {split.Name} names {names.Count} shards and gives {counts.Length} lengths.");
        if (counts.Any(count => count is < 0 or > MostSamples))
            throw new FormatException($"the split {split.Name} gives a length that cannot be.");
        foreach ((string name, long count) in names.Zip(counts))
            _counts[name] = count;
    }
}
