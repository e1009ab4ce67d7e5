using System.Text.RegularExpressions;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>Puts a sample of any layout into a shard.</summary>
public static partial class ShardSample
{
    /// <summary>Writes image and label; the image stays as it is, and so do all other members of a WebDataset sample.</summary>
    /// <param name="writer">The shard.</param>
    /// <param name="sample">The sample, under a key that <see cref="ShardSource"/> gave it.</param>
    /// <param name="labelOf">The class under which a class of the source goes.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    public static Task WriteAsync(ShardWriter writer, Sample sample, Func<long, long> labelOf, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(labelOf);
        var members = new List<(string, ReadOnlyMemory<byte>)>();
        bool hasImage = LabeledImage.TryRead(sample, requiresLabel: false, out LabeledImage image, out _);
        foreach ((string extension, byte[] content) in sample.Members)
            if (extension != LabeledImage.ClassExtension)
                members.Add((hasImage && ReferenceEquals(content, image.Image) ? ImageExtension(sample, extension, content) : extension, content));
        if (hasImage && image.Label != LabeledImage.NoLabel)
            members.Add((LabeledImage.ClassExtension, LabeledImage.FormatClass(labelOf(image.Label))));
        return writer.WriteAsync(sample.Key, members, cancellationToken);
    }

    /// <summary>A key as it stands in a shard: no dot in the file name, and no folder called __x__, since either would end the key, or hide the sample.</summary>
    internal static string KeyOf(string key)
    {
        int file = key.LastIndexOf('/') + 1, dot = key.LastIndexOf('.');
        string bare = LabeledImage.IsImage(key) && dot > file ? key[..dot] : key;
        return Underscores().Replace(bare[..file], "_/") + bare[file..].Replace('.', '_');
    }

    // What the content is, unless another member is called so.
    private static string ImageExtension(Sample sample, string extension, byte[] content) =>
        ImageDecoder.ExtensionOf(content) is { } actual && !sample.Members.ContainsKey(actual) ? actual : extension;

    [GeneratedRegex("_{2,}/")]
    private static partial Regex Underscores();
}
