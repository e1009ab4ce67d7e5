using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>Writes a data set's <c>_info.json</c>.</summary>
public static class ShardInfoFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's content with a split added or replaced.</summary>
    /// <param name="files">Where it lies.</param>
    /// <param name="before">What it was; null: new.</param>
    /// <param name="split">The split.</param>
    /// <param name="shards">Its shards, beside the file, with how many samples they have.</param>
    /// <param name="classes">Names of its classes by index; empty: they have none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardException">What was there is something else.</exception>
    public static async Task<byte[]> WithSplitAsync(
        IDataFiles files, DataFile? before, string split, IReadOnlyList<(string FileName, long SampleCount)> shards, IReadOnlyList<string> classes,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(shards);
        JsonObject root = before is null ? [] : await ReadAsync(files, before, cancellationToken);
        if (root["splits"] is not JsonObject splits)
            root["splits"] = splits = [];
        JsonObject about = JsonSerializer.SerializeToNode(new
        {
            num_samples = shards.Sum(shard => shard.SampleCount),
            filenames = shards.Select(shard => shard.FileName),
            shard_lengths = shards.Select(shard => shard.SampleCount),
        })!.AsObject();
        if (classes.Count > 0)
            about[ShardInfo.ClassNames] = JsonSerializer.SerializeToNode(classes);
        splits[split] = about;
        return JsonSerializer.SerializeToUtf8Bytes(root, Indented);
    }

    /// <summary>The classes of a split other than the one that is to be written; null: there is none with names.</summary>
    /// <param name="files">Where it lies.</param>
    /// <param name="file">The file.</param>
    /// <param name="split">The split that is to be written.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardException">The file is something else.</exception>
    public static async Task<(string Split, IReadOnlyList<string> Names)?> OtherClassesAsync(IDataFiles files, DataFile file, string split, CancellationToken cancellationToken)
    {
        ShardInfo info = await ShardInfo.ReadAsync(files, file, cancellationToken);
        foreach (string other in info.Splits.Where(name => name != split))
            if (info.ClassesOf(other) is { } names)
                return (other, names);
        return null;
    }

    private static async Task<JsonObject> ReadAsync(IDataFiles files, DataFile before, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream content = await files.OpenAsync(before, 0, null, cancellationToken);
            return await JsonNode.ParseAsync(content, cancellationToken: cancellationToken) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (Exception cause) when (JsonFault.Is(cause))
        {
            throw new ShardException(
                $"{before.Name} is there already and is no list of shards: {JsonFault.Of(cause)}. Name another folder, or remove it.", cause);
        }
    }
}
