namespace HrNetBatch.Model.Data;

/// <summary>Puts a sample of any layout into a shard.</summary>
public static class ShardSample
{
    /// <summary>Writes image and label; the image stays as it is, and so do all other members of a WebDataset sample.</summary>
    /// <param name="writer">The shard.</param>
    /// <param name="sample">The sample.</param>
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
                members.Add((hasImage && ReferenceEquals(content, image.Image) ? ExtensionOf(content, extension) : extension, content));
        if (hasImage && image.Label != LabeledImage.NoLabel)
            members.Add((LabeledImage.ClassExtension, LabeledImage.FormatClass(labelOf(image.Label))));
        return writer.WriteAsync(KeyOf(sample.Key), members, cancellationToken);
    }

    // An image that was a file of its own is called jpg here, whatever it is; in a shard its name should be true.
    private static string ExtensionOf(ReadOnlySpan<byte> image, string otherwise) => image switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "png",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => "webp",
        [0xFF, 0xD8, ..] => "jpg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "gif",
        [(byte)'B', (byte)'M', ..] => "bmp",
        [(byte)'I', (byte)'I', (byte)'*', 0, ..] or [(byte)'M', (byte)'M', 0, (byte)'*', ..] => "tif",
        [(byte)'P', (byte)'1' or (byte)'4', ..] => "pbm",
        [(byte)'P', (byte)'2' or (byte)'5', ..] => "pgm",
        [(byte)'P', (byte)'3' or (byte)'6', ..] => "ppm",
        _ => otherwise,
    };

    // No dot in the file name, and no folder called __x__: either would end the key, or hide the sample.
    private static string KeyOf(string key)
    {
        int file = key.LastIndexOf('/') + 1, dot = key.LastIndexOf('.');
        string bare = LabeledImage.IsImage(key) && dot > file ? key[..dot] : key;
        return (bare[..file] + bare[file..].Replace('.', '_')).Replace("__/", "_/", StringComparison.Ordinal);
    }
}
