using System.IO.Hashing;
using HrNetBatch.Jobs.Blobs;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>Hands on what it reads and writes it into a file. When all of it was read, the copy is complete; else it is removed.</summary>
/// <param name="source">Read from; disposed with this.</param>
/// <param name="copy">Written to; disposed with this.</param>
/// <param name="length">How many bytes there are.</param>
/// <param name="complete">Called with the hash of the bytes when all are written.</param>
/// <param name="abandon">Called when that does not come to pass.</param>
internal sealed class CopyingStream(Stream source, FileStream copy, long length, Action<string> complete, Action abandon) : ForwardStream
{
    private readonly XxHash128 _hash = new();
    private FileStream? _copy = copy;
    private long _copied;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await source.ReadAsync(buffer, cancellationToken);
        if (_copy is not null && count > 0)
            await CopyAsync(buffer[..count], cancellationToken);
        return count;
    }

    protected override async Task EndAsync()
    {
        await source.DisposeAsync();
        await GiveUpAsync();
    }

    private async Task CopyAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _copy!.WriteAsync(bytes, cancellation);
            _hash.Append(bytes.Span);
            if ((_copied += bytes.Length) < length)
                return;
            _copy.Flush(flushToDisk: true);
            await _copy.DisposeAsync();
            _copy = null;
            complete(Convert.ToHexStringLower(_hash.GetCurrentHash()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await GiveUpAsync();   // a full disk costs the copy, never the reading
        }
    }

    private async Task GiveUpAsync()
    {
        if (_copy is null)
            return;
        await _copy.DisposeAsync();
        _copy = null;
        try
        {
            abandon();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody removes abandoned copies later.
        }
    }
}
