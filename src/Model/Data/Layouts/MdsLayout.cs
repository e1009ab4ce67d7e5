using System.Text.Json;
using System.Text.Json.Serialization;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>The <c>index.json</c> of MosaicML's MDS shards: which files there are, and what columns their samples have.</summary>
internal static class MdsLayout
{
    public const string IndexName = "index.json";

    private const int SupportedVersion = 2;
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Reads the list.</summary>
    /// <exception cref="ShardException">It is none, or its shards are of a kind that is not read.</exception>
    public static async Task<DataSet> ReadAsync(IDataFiles files, DataFile index, CancellationToken cancellationToken)
    {
        await using Stream content = await files.OpenAsync(index, 0, null, cancellationToken);
        MdsIndex? read;
        try
        {
            read = await JsonSerializer.DeserializeAsync<MdsIndex>(content, Json, cancellationToken);
        }
        catch (JsonException cause)
        {
            throw new ShardException($"{index.Name} is no list of MDS shards: {cause.Message}", cause);
        }
        if (read is not { Version: SupportedVersion, Shards: { } shards } || shards.Count == 0)
            throw new ShardException($"{index.Name} is no list of MDS shards of version {SupportedVersion}. Correct the path, or write the shards with a current MDSWriter.");
        var found = new Dictionary<string, DataFile>(StringComparer.Ordinal);
        await foreach (DataFile file in files.ListAsync(index.Folder, cancellationToken))
            found[file.Name] = file;
        return new DataSet(DataLayout.Mds, [.. shards.Select(shard => Shard(files, index, shard, found))]);
    }

    private static MdsShard Shard(IDataFiles files, DataFile index, MdsEntry shard, Dictionary<string, DataFile> found)
    {
        if (shard is not { Format: "mds", RawData: { } raw, Samples: >= 0 } || raw.Basename.Contains("..", StringComparison.Ordinal))
            throw new ShardException($"{index.Name} names a shard of the format {shard.Format}; only mds is read.");
        if (shard.Compression is { } compression && compression.Split(':')[0] != "zstd")
            throw new ShardException($"{index.Name}: its shards are compressed with {compression}; zstd is read, and what is not compressed.");
        bool isCompressed = shard.Compression is not null && shard.ZipData is not null;
        string name = isCompressed ? shard.ZipData!.Basename : raw.Basename;
        // A writer may keep both forms; the uncompressed one needs no unpacking.
        DataFile? file = found.GetValueOrDefault(index.Folder + raw.Basename);
        bool isPacked = file is null && isCompressed;
        file ??= isCompressed ? found.GetValueOrDefault(index.Folder + name) : null;
        return file is null
            ? throw new ShardException($"There is no {index.Folder}{name}, though {index.FileName} names it. Upload the whole folder (hrnet upload).")
            : new MdsShard(files, file, MdsColumns.Of(shard.ColumnNames, shard.ColumnEncodings, shard.ColumnSizes, index.Name), shard.Samples, isPacked ? raw.Bytes : null);
    }

    private sealed record MdsIndex(int Version, IReadOnlyList<MdsEntry>? Shards);

    private sealed record MdsEntry(
        string? Format, string? Compression, IReadOnlyList<string>? ColumnNames, IReadOnlyList<string>? ColumnEncodings,
        IReadOnlyList<int?>? ColumnSizes, MdsFile? RawData, MdsFile? ZipData, [property: JsonRequired] long Samples);

    private sealed record MdsFile(string Basename, long Bytes);
}
