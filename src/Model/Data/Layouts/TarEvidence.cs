using HrNetBatch.Model.Data.Tar;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>What the first members of a tar tell about it.</summary>
internal enum TarContent
{
    /// <summary>Neither images nor tars.</summary>
    Nothing,

    /// <summary>It cannot be read.</summary>
    Damaged,

    /// <summary>Images with a label beside each.</summary>
    LabelledSamples,

    /// <summary>Images without labels.</summary>
    Images,

    /// <summary>Images without labels that are called as those of ILSVRC, which has their labels in a list.</summary>
    IlsvrcImages,

    /// <summary>Tars of images, one for each class.</summary>
    IlsvrcClasses,

    /// <summary>Tars of labelled samples.</summary>
    TarsOfShards,
}

/// <summary>Looks at the first members of tars.</summary>
internal static class TarEvidence
{
    private const int MostFiles = 16, MostInnerFiles = 4, MostMembers = 256, MostTars = 3;

    /// <summary>What the first of these tars that tells anything is, and of one that cannot be read, why.</summary>
    public static async Task<(TarContent Content, ShardException? Fault)> OfAsync(
        IDataFiles files, IReadOnlyList<DataFile> tars, CancellationToken cancellationToken)
    {
        foreach (DataFile tar in tars.Take(MostTars))
            if (await OfAsync(files, tar, cancellationToken) is { Content: not TarContent.Nothing } told)
                return told;
        return (TarContent.Nothing, null);
    }

    private static async Task<(TarContent Content, ShardException? Fault)> OfAsync(
        IDataFiles files, DataFile tar, CancellationToken cancellationToken)
    {
        await using var window = new FileWindow(files, tar);
        await using var archive = new TarArchive(window, tar.Name);
        try
        {
            return (await OfAsync(archive, tar, isInner: false, cancellationToken), null);
        }
        catch (ShardException fault) when (fault.InnerException is null or InvalidDataException)
        {
            return (TarContent.Damaged, fault);
        }
    }

    private static async Task<TarContent> OfAsync(TarArchive archive, DataFile tar, bool isInner, CancellationToken cancellationToken)
    {
        int fileCount = 0, imageCount = 0, labelCount = 0, ilsvrcCount = 0;
        try
        {
            int mostFiles = isInner ? MostInnerFiles : MostFiles;
            for (int member = 0; member < MostMembers && fileCount < mostFiles && (imageCount == 0 || labelCount == 0); member++)
            {
                if (await archive.NextAsync(cancellationToken) is not { } found)
                    break;
                if (!found.IsFile || LeftOutReasons.OfPlace(found.FileName) is not null)
                    continue;
                if (fileCount++ == 0 && !isInner && found.FileName.EndsWith(Tars.Extension, StringComparison.OrdinalIgnoreCase))
                {
                    await using Stream content = archive.OpenContent();
                    await using var inner = new TarArchive(content, tar.Name, found.ContentOffset);
                    TarContent inside = await OfAsync(inner, tar, isInner: true, cancellationToken);
                    return inside is TarContent.LabelledSamples ? TarContent.TarsOfShards : TarContent.IlsvrcClasses;
                }
                string extension = MemberName.Parse(found.Name)?.Extension ?? "";
                bool isImage = LabeledImage.Extensions.Contains(extension);
                imageCount += isImage ? 1 : 0;
                ilsvrcCount += isImage && found.FileName.StartsWith("ILSVRC2012_", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
                labelCount += extension is LabeledImage.ClassExtension or "json" ? 1 : 0;
            }
        }
        catch (ShardException) when (imageCount > 0)
        {
            // What was seen before the damage says enough.
        }
        return imageCount == 0 ? TarContent.Nothing
            : labelCount > 0 ? TarContent.LabelledSamples
            : ilsvrcCount == fileCount ? TarContent.IlsvrcImages
            : TarContent.Images;
    }
}
