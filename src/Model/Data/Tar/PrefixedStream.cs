namespace HrNetBatch.Model.Data.Tar;

/// <summary>Bytes that were read of a stream already, and then the rest of it; the stream stays open.</summary>
internal sealed class PrefixedStream(byte[] prefix, Stream rest) : ForwardOnlyStream
{
    private int _taken;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_taken == prefix.Length)
            return await rest.ReadAsync(buffer, cancellationToken);
        int count = Math.Min(buffer.Length, prefix.Length - _taken);
        prefix.AsSpan(_taken, count).CopyTo(buffer.Span);
        _taken += count;
        return count;
    }
}
