using HrNetBatch.Model.Data;

namespace HrNetBatch.Cli.Transfer;

/// <summary>A file read as it was when it was opened: where somebody writes it meanwhile, its end is an error, so that no mixture is stored.</summary>
internal sealed class SteadyFile : ForwardOnlyStream
{
    private readonly FileStream _file;
    private readonly string _name;
    private readonly DateTime _writtenAt;

    private SteadyFile(string name, FileStream file) => (_name, _file, Length, _writtenAt) = (name, file, file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));

    /// <summary>Opens one. The caller disposes it.</summary>
    public static SteadyFile Open(string path) =>
        new(path, new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan));

    /// <summary>The same of a file that is open already, and is disposed with it.</summary>
    public static SteadyFile Of(FileStream file) => new(file.Name, file);

    public override bool CanSeek => true;

    public override long Length { get; }

    public override long Position { get => _file.Position; set => _file.Position = value; }

    public override int Read(Span<byte> buffer) => Checked(_file.Read(buffer[..Left(buffer.Length)]), buffer.Length);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Checked(await _file.ReadAsync(buffer[..Left(buffer.Length)], cancellationToken), buffer.Length);

    public override long Seek(long offset, SeekOrigin origin) => _file.Seek(origin == SeekOrigin.End ? Length + offset : offset, origin == SeekOrigin.End ? SeekOrigin.Begin : origin);

    public override async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }

    private int Left(int wanted) => (int)Math.Clamp(Length - _file.Position, 0, wanted);

    // Before its last byte is handed on, so that a store which waits for that byte keeps nothing.
    private int Checked(int read, int wanted)
    {
        bool isShorter = read == 0 && wanted > 0 && _file.Position < Length;
        if (isShorter || (_file.Position >= Length && (RandomAccess.GetLength(_file.SafeFileHandle) != Length || File.GetLastWriteTimeUtc(_file.SafeFileHandle) != _writtenAt)))
            throw new UserException($"{_name} changed while it was read. Run the command again when nobody writes the file.");
        return read;
    }
}
