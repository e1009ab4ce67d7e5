using System.Collections.Concurrent;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>Local files, and which bytes of them were read.</summary>
internal sealed class RecordedFiles : IDataFiles
{
    private readonly LocalFiles _files = new();

    public ConcurrentBag<(string Name, long Start, long End)> Reads { get; } = [];

    public IAsyncEnumerable<DataFile> ListAsync(string folder, CancellationToken cancellationToken) => _files.ListAsync(folder, cancellationToken);

    public Task<DataFile?> FindAsync(string name, CancellationToken cancellationToken) => _files.FindAsync(name, cancellationToken);

    public async Task<Stream> OpenAsync(DataFile file, long offset, long? length, CancellationToken cancellationToken) =>
        new Recorder(await _files.OpenAsync(file, offset, length, cancellationToken), (start, end) => Reads.Add((file.Name, offset + start, offset + end)));

    public Task<DataFile> WriteAsync(string name, Stream content, CancellationToken cancellationToken) => _files.WriteAsync(name, content, cancellationToken);

    private sealed class Recorder(Stream inner, Action<long, long> read) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Noted(inner.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Noted(await inner.ReadAsync(buffer, cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }

        private int Noted(int count)
        {
            if (count > 0)
                read(_position, _position + count);
            _position += count;
            return count;
        }
    }
}
