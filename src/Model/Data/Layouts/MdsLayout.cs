using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>The <c>index.json</c> of MosaicML's MDS shards: which files there are, and what columns their samples have.</summary>
internal static class MdsLayout
{
    public const string IndexName = "index.json";

    private const int SupportedVersion = 2;
    private const long LargestIndexBytes = 256 << 20;
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Whether an <c>index.json</c> is a list of shards, or should be one: other programs have files of that name too.</summary>
    public static async Task<bool> IsIndexAsync(IDataFiles files, DataFile index, CancellationToken cancellationToken)
    {
        if (index.LengthBytes <= LargestIndexBytes)
        {
            await using Stream content = await files.OpenAsync(index, 0, null, cancellationToken);
            try
            {
                using JsonDocument document = await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken);
                if (document.RootElement.ValueKind == JsonValueKind.Object
                    && document.RootElement.TryGetProperty("shards", out JsonElement shards) && shards.ValueKind == JsonValueKind.Array)
                    return true;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // No list; a damaged one still has shards beside it.
            }
        }
        await foreach (DataFile file in files.ListAsync(index.Folder, cancellationToken))
            if (IsShard(file.Name))
                return true;
        return false;
    }

    /// <summary>Reads the list.</summary>
    /// <exception cref="ShardException">It is none, its shards are of a kind that is not read, or one is missing or cut off.</exception>
    public static async Task<DataSet> ReadAsync(IDataFiles files, DataFile index, CancellationToken cancellationToken)
    {
        if (index.LengthBytes > LargestIndexBytes)
            throw new ShardException($"{index.Name} has {index.LengthBytes} bytes: it is no list of MDS shards. Correct the path.");
        await using Stream content = await files.OpenAsync(index, 0, null, cancellationToken);
        MdsIndex? read;
        MdsEntry[] shards;
        try
        {
            read = await JsonSerializer.DeserializeAsync<MdsIndex>(content, Json, cancellationToken);
            if (read is not { Version: SupportedVersion, Shards: { Count: > 0 } entries })
                throw new ShardException(
                    $"{index.Name} is no list of MDS shards of version {SupportedVersion}. "
                    + "Correct the path, or write the shards with a current MDSWriter.");
            shards = [.. entries.Index().Select(entry => Entry(index, entry.Index, entry.Item))];
        }
        catch (Exception cause) when (JsonFault.Is(cause))
        {
            throw new ShardException($"{index.Name} is no list of MDS shards: {JsonFault.Of(cause)}. Correct the path, or write the shards again.", cause);
        }
        var found = new Dictionary<string, DataFile>(StringComparer.Ordinal);
        await foreach (DataFile file in files.ListAsync(index.Folder, cancellationToken))
            found[file.Name] = file;
        MdsShard[] all = [.. shards.Index().Select(shard => Shard(files, index, shard.Index, shard.Item, found))];
        if (all.GroupBy(shard => shard.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ShardException(
                $"{index.Name} names {twice.Key} more than once. Write it again, or take the doubled entry out of it.");
        return new DataSet(DataLayout.Mds, all, leftOut: LeftOut(index, shards, found.Values));
    }

    private static MdsEntry Entry(DataFile index, int number, JsonElement element)
    {
        MdsEntry entry;
        try
        {
            entry = element.Deserialize<MdsEntry>(Json) ?? throw Wrong(index, number, "is null");
        }
        catch (Exception cause) when (JsonFault.Is(cause))
        {
            throw Wrong(index, number, $"cannot be read: {JsonFault.Of(cause, saysPlace: false)}");
        }
        if (entry.Format != "mds")
            throw Wrong(index, number, entry.Format is { } format ? $"has the format {LabeledImage.Shown(Encoding.UTF8.GetBytes(format))}, and only mds is read" : "names no format, which must be mds");
        if (entry.RawData is null)
            throw Wrong(index, number, "has no raw_data");
        foreach ((string field, MdsFile? file) in ((string, MdsFile?)[])[("raw_data", entry.RawData), ("zip_data", entry.ZipData)])
        {
            if (file is null)
                continue;
            if (file.Basename is not { } name)
                throw Wrong(index, number, $"has no {field}.basename, which names its file");
            if (NameInFolder.Fault(name) is { } fault)
                throw Wrong(index, number, $"names the file {LabeledImage.Shown(Encoding.UTF8.GetBytes(name))} ({field}.basename), which {fault}");
        }
        return entry;
    }

    // Counted from 0, as their names are.
    private static ShardException Wrong(DataFile index, int number, string what) => new(string.Create(CultureInfo.InvariantCulture,
        $"{index.Name}: shard {number} {what}. Write the shards again, or upload the list again with them."));

    private static MdsShard Shard(IDataFiles files, DataFile index, int number, MdsEntry shard, Dictionary<string, DataFile> found)
    {
        MdsFile raw = shard.RawData!;
        string rawName = raw.Basename!;
        // The table of samples takes four bytes of each.
        if (raw.Bytes < 0 || shard.Samples < 0 || shard.Samples > raw.Bytes / sizeof(uint))
            throw Wrong(index, number, $"({rawName}) is said to have {Counted.Of(shard.Samples, "sample")} in {Counted.Of(raw.Bytes, "byte")}, which cannot be");
        if (shard.Compression is { } compression && compression.Split(':')[0] != "zstd")
            throw new ShardException(
                $"{index.Name}: shard {number} ({rawName}) is compressed with {ForeignText.Printable(compression, 40)}; zstd is read, and what is not compressed. Write the shards again.");
        bool isCompressed = shard.Compression is not null && shard.ZipData?.Basename is not null;
        string name = isCompressed ? shard.ZipData!.Basename! : rawName;
        // A writer may keep both forms; the uncompressed one needs no unpacking.
        DataFile? file = found.GetValueOrDefault(index.Folder + rawName);
        bool isPacked = file is null && isCompressed;
        file ??= isCompressed ? found.GetValueOrDefault(index.Folder + name) : null;
        if (file is null)
            throw new ShardException(
                $"There is no {index.Folder}{name}, though {index.FileName} names it as shard {number}. Upload the whole folder (hrnet upload).");
        if (file.Unread is { } trouble)
            throw new ShardException($"{file.Name} is {trouble}.");
        if (!isPacked && file.LengthBytes != raw.Bytes)
            throw new ShardException(
                $"Shard {file.Name} has {file.LengthBytes} bytes, and {index.FileName} says {raw.Bytes}: it was cut off or replaced. "
                + "Upload it again, with its index.");
        MdsColumns columns = MdsColumns.Of(shard.ColumnNames, shard.ColumnEncodings, shard.ColumnSizes, string.Create(CultureInfo.InvariantCulture, $"{index.Name}: shard {number}"));
        return new MdsShard(files, file, columns, shard.Samples, isPacked ? raw.Bytes : null)
        {
            Hashes = raw.Hashes ?? [],
            PackedHashes = isPacked ? shard.ZipData!.Hashes ?? [] : [],
        };
    }

    private static IReadOnlyList<LeftOut> LeftOut(DataFile index, IReadOnlyList<MdsEntry> shards, IEnumerable<DataFile> found)
    {
        var named = new HashSet<string>(StringComparer.Ordinal) { index.Name };
        foreach (MdsEntry shard in shards)
            foreach (string? name in (string?[])[shard.RawData?.Basename, shard.ZipData?.Basename])
                if (name is not null)
                    named.Add(index.Folder + name);
        var leftOut = new LeftOutFiles();
        foreach (DataFile file in found.Where(file => !named.Contains(file.Name) && !file.IsEmptyFolder))
            leftOut.Add(
                LeftOutReasons.OfPlace(file.RelativeTo(index.Folder)) ?? (IsShard(file.Name) ? $"an MDS shard that {index.FileName} does not name"
                    : LabeledImage.IsImage(file.Name) ? "an image beside MDS shards: --data-layout (dataLayout) imageFolder reads images instead"
                    : "no shard"),
                file.Name);
        return leftOut.ToList();
    }

    private static bool IsShard(string name) =>
        name.EndsWith(".mds", StringComparison.Ordinal) || name.EndsWith(".mds.zstd", StringComparison.Ordinal);

    private sealed record MdsIndex(int Version, IReadOnlyList<JsonElement>? Shards);

    private sealed record MdsEntry(
        string? Format, string? Compression, IReadOnlyList<string>? ColumnNames, IReadOnlyList<string>? ColumnEncodings,
        IReadOnlyList<int?>? ColumnSizes, MdsFile? RawData, MdsFile? ZipData, [property: JsonRequired] long Samples);

    private sealed record MdsFile(string? Basename, long Bytes, Dictionary<string, string?>? Hashes);
}
