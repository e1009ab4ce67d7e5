using System.Buffers;
using System.Runtime.InteropServices;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>A stretch of a blob as a stream that is read forwards, with the next ranges under way.</summary>
internal sealed class BlobRangeStream(BlobRangeReader reader, long offset, long end, BlobReadingOptions options) : ForwardStream
{
    private readonly Queue<Task<Memory<byte>>> _ranges = [];
    private readonly List<byte[]> _rented = [];
    private readonly CancellationTokenSource _stop = new();
    private long _next = offset;
    private Memory<byte> _current;
    private byte[]? _currentArray;

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

    protected override async Task EndAsync()
    {
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
