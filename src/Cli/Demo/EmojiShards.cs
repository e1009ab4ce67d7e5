using HrNetBatch.Model.Data;

namespace HrNetBatch.Cli.Demo;

/// <summary>Makes WebDataset shards of pictures.</summary>
internal static class EmojiShards
{
    /// <summary>Writes <c>PREFIX-000.tar</c> and so on, with the PNGs as they are.</summary>
    public static async Task WriteAsync(string folder, string prefix, IReadOnlyList<EmojiImage> images, int shardCount, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        int shardSize = (images.Count + shardCount - 1) / shardCount;
        foreach ((int index, EmojiImage[] shard) in images.Chunk(shardSize).Index())
        {
            await using FileStream file = File.Create(Path.Combine(folder, $"{prefix}-{index:000}.tar"));
            await using var writer = new ShardWriter(file);
            foreach (EmojiImage image in shard)
                await writer.WriteAsync(image.Name, "png", await File.ReadAllBytesAsync(image.File, cancellation), image.Class, cancellation);
        }
    }

    /// <summary>The shards' blob path as a brace pattern.</summary>
    public static string Pattern(string folder, string prefix, int shardCount) => $"{folder}{prefix}-{{000..{shardCount - 1:000}}}.tar";
}
