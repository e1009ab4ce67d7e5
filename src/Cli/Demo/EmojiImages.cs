using System.Text.Json;

namespace HrNetBatch.Cli.Demo;

/// <summary>One picture.</summary>
/// <param name="Name">Its name without an extension, the same with every vendor: its code points.</param>
/// <param name="Class">Index of its category among <see cref="EmojiImages.Labels"/>.</param>
/// <param name="File">The PNG, 64×64, on white.</param>
internal sealed record EmojiImage(string Name, int Class, string File);

/// <summary>The emoji of Unicode as two vendors draw them: the same things, twice, in two hands.</summary>
internal sealed class EmojiImages
{
    private readonly string _modules, _folder;
    private readonly List<(string Image, string Category)> _emoji = [];

    /// <summary>Reads the list that came with the images.</summary>
    /// <param name="modules">The node_modules folder with both vendors' packages.</param>
    /// <param name="folder">Where the pictures are put on white.</param>
    public EmojiImages(string modules, string folder)
    {
        (_modules, _folder) = (modules, folder);
        using var list = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(modules, "emoji-datasource-google", "emoji.json")));
        foreach (JsonElement emoji in list.RootElement.EnumerateArray())
        {
            string category = emoji.GetProperty("category").GetString()!;

            // Skin tones and hair are parts of others, not pictures of something. Variants in skin tones stand inside their base.
            if (category == "Component") continue;
            if (!emoji.GetProperty("has_img_google").GetBoolean() || !emoji.GetProperty("has_img_twitter").GetBoolean()) continue;
            _emoji.Add((emoji.GetProperty("image").GetString()!, category));
        }
        Labels = [.. _emoji.Select(emoji => emoji.Category).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The categories, in the order of their class indices.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The pictures of one vendor (google, twitter), in an order that mixes the classes and is always the same.</summary>
    public IReadOnlyList<EmojiImage> Of(string vendor)
    {
        string source = Path.Combine(_modules, $"emoji-datasource-{vendor}", "img", vendor, "64");
        string target = Directory.CreateDirectory(Path.Combine(_folder, vendor)).FullName;
        EmojiImage[] images = [.. _emoji.AsParallel().AsOrdered().Select(emoji => new EmojiImage(
            Path.GetFileNameWithoutExtension(emoji.Image), Labels.ToList().IndexOf(emoji.Category), WhiteBackground.Flatten(Path.Combine(source, emoji.Image), target)))];
        new Random(16).Shuffle(images);
        return images;
    }
}
