using NetVips;

namespace HrNetBatch.Cli.Demo;

/// <summary>
/// Pictures as people see them: on white. The jobs drop transparency as the original's loader does, and what lies under transparent
/// pixels is each vendor's accident (black here, the outline's colour there).
/// </summary>
internal static class WhiteBackground
{
    private static readonly double[] White = [255, 255, 255];

    /// <summary>Writes a PNG without transparency under the same name into <paramref name="folder"/>; one that is there already stays.</summary>
    /// <returns>The new file.</returns>
    public static string Flatten(string png, string folder)
    {
        string target = Path.Combine(folder, Path.GetFileName(png));
        if (File.Exists(target)) return target;
        using Image image = Image.NewFromFile(png);
        using Image opaque = image.HasAlpha() ? image.Flatten(background: White) : image.Copy();
        // Under another name first: a demo that is stopped meanwhile leaves no half of a picture.
        string part = target + ".part";
        File.WriteAllBytes(part, opaque.PngsaveBuffer());
        File.Move(part, target, overwrite: true);
        return target;
    }
}
