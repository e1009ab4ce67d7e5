using System.IO.Compression;
using HrNetBatch.Model.Files;

namespace HrNetBatch.Model.Data.Tar;

/// <summary>
/// Reads a tar forwards, member by member: V7, ustar, GNU's and POSIX' formats with their long names and files with holes, also
/// compressed with gzip. It reads what Python's tarfile does, and is stricter where tarfile ends without a word. Not thread-safe.
/// </summary>
/// <param name="source">The tar, or a stretch of one from a header on; need not seek, and stays open.</param>
/// <param name="shard">Its name, for messages.</param>
/// <param name="origin">Where in the tar the stream begins.</param>
/// <param name="isPart">Whether the stream may end behind a member, without the end of the archive.</param>
internal sealed class TarArchive(Stream source, string shard, long origin = 0, bool isPart = false) : IAsyncDisposable
{
    /// <summary>A member is read into memory whole; a wrong length must not ask for all of it.</summary>
    public const long LargestMemberBytes = 1L << 30;

    // A few bytes can stand for a file of any size that is all hole.
    private const long LargestSparseBytes = 64 << 20;

    // No file system has such files; sums of such lengths do not overflow.
    private const long LargestStoredBytes = 1L << 60;

    private const long LargestNameBytes = 64 << 10, LargestAttributesBytes = 4 << 20, LargestMapBytes = 2 << 20;
    private const long LongestLookBehindBytes = 16 << 20;
    private const long MostZerosOfAnEmptyTar = 1 << 20;
    private const int ChunkBytes = 1 << 20;

    private readonly PaxAttributes _global = new();
    private readonly bool _isFromStart = origin == 0;
    private Stream _source = source;
    private long _position = origin;
    private TarMember? _current;

    /// <summary>Whether it is compressed with gzip: places in it are those of the unpacked tar, and it is read from its start only.</summary>
    public bool IsCompressed { get; private set; }

    /// <summary>The next member, whose content is still to be read or passed over; null at the end of the archive.</summary>
    /// <exception cref="ShardException">It is damaged, cut off, or no tar.</exception>
    public async Task<TarMember?> NextAsync(CancellationToken cancellationToken)
    {
        if (_current is { } passed && !await SkipAsync(passed.End - _position, cancellationToken))
            throw Damaged(_position, $"it ends inside '{passed.Name}', which goes on to byte {passed.End}");
        long start = _position;
        string? longName = null;
        PaxAttributes? attributes = null;
        while (true)
        {
            long at = _position;
            bool isDescribed = longName is not null || attributes is not null;
            byte[] block = await BlockAsync(cancellationToken);
            if (block.Length == 0 && isPart && !isDescribed)
                return _current = null;
            if (at == 0 && block.Length < TarHeader.BlockBytes && PackedKinds.Of(block) is { } kind)
                throw NoTar(kind);
            // Every tar ends with blocks of zeros: without them the samples behind the cut would vanish without a word.
            if (block.Length == 0)
                throw new ShardException(
                    $"Shard {shard} ends at byte {at} without tar's end-of-archive blocks, so it was cut off: upload it again.");
            if (block.Length < TarHeader.BlockBytes)
                throw Damaged(at, "it ends inside a header");
            if (!block.AsSpan().ContainsAnyExcept((byte)0))
            {
                if (isDescribed)
                    throw Damaged(at, "the archive ends where the member of a long name or of attributes should come");
                await LookBehindAsync(isEmpty: start == 0 && _isFromStart, cancellationToken);
                return _current = null;
            }
            TarHeader header = Header(block, at);
            switch (header.Type)
            {
                case TarHeader.LongName:
                    longName ??= TarText.UpToNul(await HeldAsync(header, at, LargestNameBytes, cancellationToken));
                    break;
                case TarHeader.LongLink:
                    await HeldAsync(header, at, LargestNameBytes, cancellationToken);
                    break;
                case TarHeader.Attributes or TarHeader.SolarisAttributes:
                    PaxAttributes read = Parsed(new PaxAttributes(), await HeldAsync(header, at, LargestAttributesBytes, cancellationToken), at);
                    attributes ??= read;
                    break;
                case TarHeader.GlobalAttributes:
                    Parsed(_global, await HeldAsync(header, at, LargestAttributesBytes, cancellationToken), at);
                    if (!isDescribed)
                        start = _position;
                    break;
                default:
                    try
                    {
                        return _current = await MemberAsync(header, block, start, longName, attributes, cancellationToken);
                    }
                    catch (FormatException cause)
                    {
                        throw Damaged(at, $"the header of '{header.Name}': {cause.Message}");
                    }
            }
        }
    }

    /// <summary>Reads the whole content of the member that came last.</summary>
    /// <exception cref="ShardException">It is cut off, or larger than any image.</exception>
    public async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        TarMember member = _current!;
        if (member.Length > (member.Pieces is null ? LargestMemberBytes : LargestSparseBytes))
            throw new ShardException($"Shard {shard} holds '{member.Name}' of {member.Length} bytes at byte {member.HeaderOffset}: larger than any image"
                + (member.Pieces is null ? ", so probably damaged." : " with holes in it. Write the tar without --sparse."));
        string inside = $"'{member.Name}', which has {member.StoredBytes} bytes";
        if (member.Pieces is not { } pieces)
            return await StoredAsync(member.Length, inside, cancellationToken);
        byte[] stored = await StoredAsync(pieces.Sum(piece => piece.Length), inside, cancellationToken);
        var content = new byte[member.Length];
        int taken = 0;
        foreach ((long offset, long length) in pieces)
        {
            stored.AsSpan(taken, (int)length).CopyTo(content.AsSpan((int)offset));
            taken += (int)length;
        }
        return content;
    }

    /// <summary>The content of the member that came last as a stream, for a tar in a tar; the caller asks for the next member when it is done.</summary>
    /// <exception cref="ShardException">It has holes.</exception>
    public Stream OpenContent() => _current!.Pieces is null
        ? new ContentStream(this)
        : throw new ShardException(
            $"Shard {shard} holds '{_current.Name}' at byte {_current.HeaderOffset} with holes in it. Write the tar without --sparse.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsCompressed)
            await _source.DisposeAsync();
    }

    private async Task<TarMember> MemberAsync(
        TarHeader header, byte[] block, long start, string? longName, PaxAttributes? attributes, CancellationToken cancellationToken)
    {
        long stored = header.HasContent ? attributes?.Size ?? _global.Size ?? header.Size : 0, length = stored;
        if (stored > LargestStoredBytes)
            throw new FormatException($"it is said to have {stored} bytes");
        IReadOnlyList<(long, long)>? pieces = attributes?.Pieces();
        if (header.Type == TarHeader.SparseFile)
        {
            pieces = await OldMapAsync(block, cancellationToken);
            if (!TarHeader.TryNumber(block.AsSpan(483, 12), out length) || length < 0)
                throw new FormatException("its size is no number");
        }
        else if (attributes is { HasMapInContent: true })
        {
            (pieces, long mapBytes) = await MapInContentAsync(stored, cancellationToken);
            stored -= mapBytes;
            length = attributes.RealSize ?? throw new FormatException("it has no GNU.sparse.realsize");
        }
        else if (pieces is not null)
        {
            length = attributes!.RealSize ?? throw new FormatException("it has no GNU.sparse.size");
        }
        if (pieces is not null)
            SparseMap.Check(pieces, length, stored);
        string name = attributes?.SparseName ?? attributes?.Path ?? longName ?? _global.Path ?? header.Name;
        return new TarMember(name, header.Type, start, _position, stored, length) { Pieces = pieces };
    }

    private async Task<List<(long, long)>> OldMapAsync(byte[] block, CancellationToken cancellationToken)
    {
        var pieces = new List<(long, long)>(SparseMap.Of(block, 386, 4));
        for (bool hasMore = block[482] != 0; hasMore;)
        {
            byte[] more = await BlockAsync(cancellationToken);
            if (more.Length < TarHeader.BlockBytes)
                throw new FormatException("the tar ends in its list of pieces");
            pieces.AddRange(SparseMap.Of(more, 0, 21));
            hasMore = pieces.Count <= SparseMap.MostPieces ? more[504] != 0 : throw new FormatException($"it is in more than {SparseMap.MostPieces} pieces");
        }
        return pieces;
    }

    private async Task<((long, long)[] Pieces, long Bytes)> MapInContentAsync(long stored, CancellationToken cancellationToken)
    {
        var map = new SparseMapReader();
        for (long bytes = TarHeader.BlockBytes; bytes <= Math.Min(TarHeader.Padded(stored), LargestMapBytes); bytes += TarHeader.BlockBytes)
        {
            byte[] block = await BlockAsync(cancellationToken);
            if (block.Length < TarHeader.BlockBytes)
                throw new FormatException("the tar ends in its list of pieces");
            if (map.Take(block))
                return (map.Pieces, Math.Min(bytes, stored));
        }
        throw new FormatException("its list of pieces does not end");
    }

    private TarHeader Header(byte[] block, long at)
    {
        if (TarHeader.IsValid(block))
        {
            try
            {
                return TarHeader.Read(block);
            }
            catch (FormatException cause)
            {
                throw Damaged(at, cause.Message);
            }
        }
        string? kind = at == 0 ? PackedKinds.Of(block) : null;
        throw kind is null ? Damaged(at, "there is no header of a member") : NoTar(kind);
    }

    private ShardException NoTar(string kind) => new($"Shard {shard} is no tar but {kind}.");

    private async Task<byte[]> HeldAsync(TarHeader header, long at, long largest, CancellationToken cancellationToken)
    {
        if (header.Size > largest)
            throw Damaged(at, $"a long name or attributes of {header.Size} bytes, where at most {largest} can be");
        byte[] content = await StoredAsync(header.Size, "a long name or attributes", cancellationToken);
        if (!await SkipAsync(TarHeader.Padded(header.Size) - header.Size, cancellationToken))
            throw Damaged(_position, "it ends inside a long name or attributes");
        return content;
    }

    private PaxAttributes Parsed(PaxAttributes attributes, byte[] content, long at)
    {
        try
        {
            attributes.Read(content);
            return attributes;
        }
        catch (FormatException cause)
        {
            throw Damaged(at, cause.Message);
        }
    }

    // Two tars that were joined: the samples of the second would vanish.
    private async Task LookBehindAsync(bool isEmpty, CancellationToken cancellationToken)
    {
        if (isPart)
            return;
        for (long looked = 0; looked < LongestLookBehindBytes; looked += TarHeader.BlockBytes)
        {
            // An archive without members has some kilobytes of zeros; a disk image of a failed download has them all.
            if (isEmpty && looked >= MostZerosOfAnEmptyTar)
                throw NoTar(StrayFile.Zeros);
            long at = _position;
            byte[] block = await BlockAsync(cancellationToken);
            if (block.Length < TarHeader.BlockBytes)
                return;
            if (block.AsSpan().ContainsAnyExcept((byte)0) && TarHeader.IsValid(block))
                throw new ShardException(
                    $"Shard {shard} ends before byte {at}, and there another tar begins, which would not be read. "
                    + "Join tars with `tar --concatenate`, or name each by itself.");
        }
    }

    // Memory is asked for as the bytes come, so that a wrong length costs no more than the file has.
    private async Task<byte[]> StoredAsync(long length, string inside, CancellationToken cancellationToken)
    {
        var content = new byte[Math.Min(length, ChunkBytes)];
        for (int filled = 0; ;)
        {
            int read = await FillAsync(content.AsMemory(filled), cancellationToken);
            filled += read;
            if (filled < content.Length)
                throw Damaged(_position, $"it ends inside {inside}");
            if (filled == length)
                return content;
            Array.Resize(ref content, (int)Math.Min(length, 2L * content.Length));
        }
    }

    private async Task<byte[]> BlockAsync(CancellationToken cancellationToken)
    {
        var block = new byte[TarHeader.BlockBytes];
        bool isFirst = _position == 0 && _isFromStart && !isPart && !IsCompressed;
        int read = await FillAsync(block, cancellationToken);
        if (isFirst && PackedKinds.IsGzip(block.AsSpan(0, read)))
        {
            (IsCompressed, _position) = (true, 0);
            _source = new GZipStream(new PrefixedStream(block[..read], _source), CompressionMode.Decompress);
            read = await FillAsync(block, cancellationToken);
        }
        return read == block.Length ? block : block[..read];
    }

    private async Task<bool> SkipAsync(long bytes, CancellationToken cancellationToken)
    {
        if (bytes > 0 && _source.CanSeek && _source.Length - _source.Position >= bytes)
        {
            _source.Seek(bytes, SeekOrigin.Current);
            _position += bytes;
            return true;
        }
        byte[] passed = new byte[Math.Min(bytes, 1 << 16)];
        while (bytes > 0)
        {
            int read = await FillAsync(passed.AsMemory(0, (int)Math.Min(bytes, passed.Length)), cancellationToken);
            if (read == 0)
                return false;
            bytes -= read;
        }
        return true;
    }

    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            int read = await _source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            _position += read;
            return read;
        }
        catch (InvalidDataException) when (IsCompressed)
        {
            throw new ShardException(
                $"Shard {shard} is compressed with gzip and damaged behind byte {_position} of what is in it"
                + $"{(_current is null ? "" : $", where '{_current.Name}' is or what comes after it")}: its data do not unpack, or are not those that its checksum was made of. "
                + "Upload it again, or write it again if it is so where it came from (gzip -t tells).");
        }
    }

    private ShardException Damaged(long offset, string what) =>
        new($"Shard {shard} is truncated or not a tar, at byte {offset}{(IsCompressed ? " of what its gzip holds" : "")}: {what}. "
            + "Upload it again, or write it again if it is so where it came from.");

    private sealed class ContentStream(TarArchive archive) : ForwardOnlyStream
    {
        private readonly TarMember _member = archive._current!;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            long left = _member.ContentOffset + _member.StoredBytes - archive._position;
            return left <= 0 || archive._current != _member
                ? 0
                : await archive.FillAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
        }
    }
}
