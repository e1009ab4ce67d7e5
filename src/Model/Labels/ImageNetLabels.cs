using System.Text;

namespace HrNetBatch.Model.Labels;

/// <summary>The names of ImageNet-1k's classes, for published checkpoints, which carry none. ORIGIN.md says where the list is from.</summary>
public static class ImageNetLabels
{
    /// <summary>What the list is called where labels are asked for by name.</summary>
    public const string Name = "imagenet-1k";

    private static readonly Lazy<IReadOnlyList<string>> Names = new(Read);

    /// <summary>1,000 names in the order of the classes' WordNet ids: the order of the outputs.</summary>
    public static IReadOnlyList<string> All => Names.Value;

    private static string[] Read()
    {
        using Stream stream = typeof(ImageNetLabels).Assembly.GetManifestResourceStream("imagenet-1k.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
