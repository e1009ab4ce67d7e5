using HrNetBatch.Model.Data.Tar;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>A file that was named where a data set is wanted, and is none: what it is, and what to name instead.</summary>
internal sealed class SingleFile(IDataFiles files)
{
    private const int LookedAtBytes = 1024, TarMagicAt = 257;
    private const string Wanted = "A data set is tars (.tar, .tar.gz), a folder of images or of tars, or a folder with MDS shards.";

    /// <summary>Why the file of this name is no data set; null where there is no such file.</summary>
    public async Task<ShardException?> RefusalAsync(string path, CancellationToken cancellationToken)
    {
        string name = path.TrimEnd('/');
        if (path.EndsWith('*') || IsContainer(name) || await files.FindAsync(name, cancellationToken) is not { Unread: null } file)
            return null;
        var start = new byte[Math.Min(file.LengthBytes, LookedAtBytes)];
        if (start.Length > 0)
        {
            await using Stream content = await files.OpenAsync(file, 0, start.Length, cancellationToken);
            await content.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        }
        return new ShardException($"{name} is one file, {WhatIs(file, start)}. {Wanted}");
    }

    private static bool IsContainer(string name) =>
        name.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme && name[(scheme + 3)..].Count(c => c == '/') < 2;

    private static string WhatIs(DataFile file, ReadOnlySpan<byte> start) =>
        ImageDecoder.ExtensionOf(start) is not null ? "an image: name the folder that it lies in (hrnet predict tells the class of a single image)"
        : file.Name.EndsWith(".mds", StringComparison.OrdinalIgnoreCase) ? $"a shard of MDS: name the folder with its {MdsLayout.IndexName}"
        : file.Name.EndsWith(Tars.Extension + ShardIndex.Extension, StringComparison.OrdinalIgnoreCase) ? "the index of a tar: name the tar"
        : start.Length > TarMagicAt && start[TarMagicAt..].StartsWith("ustar"u8) ? $"a tar: give it a name that ends in {Tars.Extension}"
        : PackedKinds.OfName(file.Name) is { } kind ? $"a tar compressed with {kind}, which is not read: unpack it, or compress it with gzip instead"
        : PackedKinds.Of(start) ?? "of no kind that is known";
}
