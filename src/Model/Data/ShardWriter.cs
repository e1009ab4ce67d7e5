using System.Formats.Tar;

namespace HrNetBatch.Model.Data;

/// <summary>Writes samples as a WebDataset tar; the same samples always give the same bytes. Dispose it to end the archive.</summary>
/// <param name="destination">Receives the tar; stays open.</param>
public sealed class ShardWriter(Stream destination) : IAsyncDisposable
{
    private const int EndOfArchiveBytes = 1024;

    private readonly TarWriter _tar = new(destination, TarEntryFormat.Gnu, leaveOpen: true);
    private string? _lastKey;

    /// <summary>Samples written so far.</summary>
    public long SampleCount { get; private set; }

    /// <summary>Writes an image and its class.</summary>
    /// <param name="key">Unique within the data set; may hold folders, no dot in the file name.</param>
    /// <param name="imageExtension">jpg, jpeg, png or webp.</param>
    /// <param name="image">The encoded image.</param>
    /// <param name="label">Class index.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    public Task WriteAsync(string key, string imageExtension, ReadOnlyMemory<byte> image, long label, CancellationToken cancellationToken = default)
        => WriteAsync(key, [(imageExtension, image), (LabeledImage.ClassExtension, LabeledImage.FormatClass(label))], cancellationToken);

    /// <summary>Writes a sample of any members.</summary>
    /// <exception cref="ArgumentException">The key or an extension would not be read back as it is, or the last sample has the same key.</exception>
    public async Task WriteAsync(
        string key, IReadOnlyList<(string Extension, ReadOnlyMemory<byte> Content)> members, CancellationToken cancellationToken = default)
    {
        if (members.DistinctBy(member => member.Extension).Count() != members.Count)
            throw new ArgumentException($"Sample '{key}' has an extension twice.", nameof(members));
        if (key == _lastKey)
            throw new ArgumentException($"Two samples in a row have the key '{key}', and would be read back as one.", nameof(key));
        foreach (var (extension, _) in members)
            if (MemberName.Parse($"{key}.{extension}") != new MemberName(key, extension))
                throw new ArgumentException(
                    $"'{key}.{extension}' would not be read back as key '{key}': no dot in the key's file name, no __names__, a lower-case extension.", nameof(key));
        foreach (var (extension, content) in members)
            await _tar.WriteEntryAsync(Entry($"{key}.{extension}", content), cancellationToken);
        _lastKey = key;
        SampleCount++;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync();
        // TarWriter leaves an archive without members empty; a reader would take that for one that was cut off.
        if (SampleCount == 0)
            await destination.WriteAsync(new byte[EndOfArchiveBytes]);
    }

    // All times are the epoch, so that shards of the same content are the same bytes.
    private static GnuTarEntry Entry(string name, ReadOnlyMemory<byte> content) => new(TarEntryType.RegularFile, name)
    {
        ModificationTime = DateTimeOffset.UnixEpoch,
        AccessTime = default,
        ChangeTime = default,
        Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        DataStream = new MemoryStream(content.ToArray(), writable: false),
    };
}
