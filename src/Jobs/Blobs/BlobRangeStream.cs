using System.Buffers;
using System.Runtime.InteropServices;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>A stretch of a blob as a stream that is read forwards, with the next ranges under way.</summary>
internal sealed class BlobRangeStream(BlobRangeReader reader, long offset, long end, BlobReadingOptions options) : Stream
{
    private readonly Queue<Task<Memory<byte>>> _ranges = [];
    private readonly List<byte[]> _rented = [];
    private readonly CancellationTokenSource _stop = new();
    private long _next = offset;
    private Memory<byte> _current;
    private byte[]? _currentArray;
    private bool _isDisposed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_current.IsEmpty)
        {
            Return();
            while (_ranges.Count < options.RangesAtOnce && _next < end)
                Start();
            if (_ranges.Count == 0)
                return 0;
            _current = await _ranges.Peek().WaitAsync(cancellationToken);
            _ = _ranges.Dequeue();
            _currentArray = MemoryMarshal.TryGetArray<byte>(_current, out ArraySegment<byte> segment) ? segment.Array : null;
        }
        int count = Math.Min(buffer.Length, _current.Length);
        _current[..count].CopyTo(buffer);
        _current = _current[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Nobody in this code base reads a blob from a thread that must not wait; some readers of formats know no other way.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await EndAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            EndAsync().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    private async Task EndAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stop.CancelAsync();
        foreach (Task<Memory<byte>> range in _ranges)
            await range.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _ranges.Clear();
        Return();
        // Nobody writes into these any more.
        foreach (byte[] array in _rented)
            ArrayPool<byte>.Shared.Return(array);
        _rented.Clear();
        _stop.Dispose();
    }

    private void Start()
    {
        int length = (int)Math.Min(options.RangeBytes, end - _next);
        byte[] array = ArrayPool<byte>.Shared.Rent(length);
        _rented.Add(array);
        _ranges.Enqueue(ReadAsync(_next, array.AsMemory(0, length)));
        _next += length;
    }

    private async Task<Memory<byte>> ReadAsync(long from, Memory<byte> memory)
    {
        await reader.ReadAsync(from, memory, _stop.Token);
        return memory;
    }

    private void Return()
    {
        if (_currentArray is null)
            return;
        _rented.Remove(_currentArray);
        ArrayPool<byte>.Shared.Return(_currentArray);
        _currentArray = null;
    }
}
