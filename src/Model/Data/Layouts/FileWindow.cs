namespace HrNetBatch.Model.Data.Layouts;

/// <summary>A file read in small stretches, for whoever passes over most of it.</summary>
internal sealed class FileWindow(IDataFiles files, DataFile file) : ForwardOnlyStream
{
    private const int WindowBytes = 64 << 10;

    private Stream? _window;
    private long _position, _reached, _end;

    public override bool CanSeek => true;

    public override long Length => file.LengthBytes;

    public override long Position { get => _position; set => Seek(value, SeekOrigin.Begin); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= Length || buffer.IsEmpty)
            return 0;
        // Small gaps are read over, large ones are jumped.
        while (_window is not null && _reached < _position && _position < _end)
        {
            int passed = await _window.ReadAsync(new byte[_position - _reached], cancellationToken);
            _reached = passed > 0 ? _reached + passed : _end;
        }
        if (_window is null || _reached != _position || _reached >= _end)
        {
            await CloseAsync();
            (_reached, _end) = (_position, Math.Min(Length, _position + WindowBytes));
            _window = await files.OpenAsync(file, _position, _end - _position, cancellationToken);
        }
        int read = await _window.ReadAsync(buffer, cancellationToken);
        _position = _reached += read;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        _position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => _position + offset, _ => Length + offset };

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await base.DisposeAsync();
    }

    private async Task CloseAsync()
    {
        if (_window is not null)
            await _window.DisposeAsync();
        _window = null;
    }
}
