using System.Runtime.CompilerServices;

namespace HrNetBatch.Model.Data;

/// <summary>A single image as a shard: a file, or a stretch of one. With such shards every order is a permutation of all samples.</summary>
internal sealed class ImageShard : Shard
{
    private readonly IDataFiles _files;
    private readonly DataFile _file;
    private readonly long _offset;
    private readonly int _length;
    private readonly string _key;
    private readonly long? _label;
    private readonly string? _labelFault;

    /// <param name="files">Where the file lies.</param>
    /// <param name="file">The file.</param>
    /// <param name="offset">First byte of the image in it.</param>
    /// <param name="length">Bytes of the image.</param>
    /// <param name="key">The image's key.</param>
    /// <param name="label">Its class; null: none.</param>
    /// <param name="labelFault">Why it has none.</param>
    public ImageShard(IDataFiles files, DataFile file, long offset, int length, string key, long? label, string? labelFault = null)
        : base(offset == 0 && length == file.LengthBytes ? file.Name : $"{file.Name}#{key}")
    {
        (_files, _file, _offset, _length, _key, _label, _labelFault) = (files, file, offset, length, key, label, labelFault);
        SampleCount = 1;
    }

    internal override bool IsAddressable => true;

    internal override Task LocateAsync(Action<SampleHead> onSample, CancellationToken cancellationToken)
    {
        onSample(new SampleHead(_file.Name, _offset, _key, _label is >= 0));
        return Task.CompletedTask;
    }

    internal override async IAsyncEnumerable<Sample> ReadAsync(long first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (first > 0)
            yield break;
        var image = new byte[_length];
        await using (Stream content = await _files.OpenAsync(_file, _offset, _length, cancellationToken))
        {
            try
            {
                await content.ReadExactlyAsync(image, cancellationToken);
            }
            catch (EndOfStreamException)
            {
                throw new ShardException(
                    $"{_file.Name} ends before byte {_offset + _length}, where '{_key}' should end: it was cut off, so upload it again.");
            }
        }
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["jpg"] = image };
        if (_label is { } label)
            members[LabeledImage.ClassExtension] = LabeledImage.FormatClass(label);
        yield return new Sample(_file.Name, _key, _offset, members) { LabelFault = _label is null ? _labelFault : null };
    }
}
