namespace HrNetBatch.Model.Imaging;

/// <summary>GIF's LZW: codes of 3 to 12 bits in sub-blocks of up to 255 bytes.</summary>
internal static class Lzw
{
    private const int LargestCodeBits = 12;

    /// <summary>Most pixels that one code stands for.</summary>
    public const int LongestRun = 1 << LargestCodeBits;

    /// <summary>Fills the pixels; data behind the last of them is ignored.</summary>
    /// <param name="data">From the byte that gives the initial code size on.</param>
    /// <param name="pixels">Receives palette indices.</param>
    /// <exception cref="ImageException">A code means nothing, or the data ends before the last pixel.</exception>
    public static void Decode(ReadOnlySpan<byte> data, Span<byte> pixels)
    {
        int rootBits = data[0];
        if (rootBits is < 1 or > 11)
            throw new ImageException("the GIF is damaged: impossible code size");
        int clear = 1 << rootBits, end = clear + 1, next = end + 1, bits = rootBits + 1, previous = -1;
        Span<short> prefix = stackalloc short[1 << LargestCodeBits];
        Span<byte> suffix = stackalloc byte[1 << LargestCodeBits];
        Span<byte> stack = stackalloc byte[(1 << LargestCodeBits) + 1];
        var codes = new CodeReader(data[1..]);
        byte first = 0;
        int written = 0;
        while (written < pixels.Length)
        {
            int code = codes.Read(bits);
            if (code == clear)
            {
                (bits, next, previous) = (rootBits + 1, end + 1, -1);
                continue;
            }
            if (code < 0 || code == end)
                throw new ImageException("the GIF is truncated");
            if (code > next || (code == next && previous < 0))
                throw new ImageException("the GIF is damaged: a code that was never defined");
            int depth = 0, walk = code;
            if (code == next)
            {
                stack[depth++] = first;
                walk = previous;
            }
            for (; walk > end; walk = prefix[walk])
                stack[depth++] = suffix[walk];
            first = (byte)walk;
            stack[depth++] = first;
            while (depth > 0 && written < pixels.Length)
                pixels[written++] = stack[--depth];
            if (previous >= 0 && next < 1 << LargestCodeBits)
            {
                prefix[next] = (short)previous;
                suffix[next] = first;
                next++;
                if (next == 1 << bits && bits < LargestCodeBits)
                    bits++;
            }
            previous = code;
        }
    }

    private ref struct CodeReader(ReadOnlySpan<byte> blocks)
    {
        private ReadOnlySpan<byte> _blocks = blocks;
        private int _left;
        private uint _buffer;
        private int _buffered;

        // Least significant bits first; −1 where the data ends.
        public int Read(int bits)
        {
            while (_buffered < bits)
            {
                if (_left == 0)
                {
                    if (_blocks.IsEmpty || _blocks[0] == 0)
                        return -1;
                    _left = _blocks[0];
                    _blocks = _blocks[1..];
                }
                if (_blocks.IsEmpty)
                    return -1;
                _buffer |= (uint)_blocks[0] << _buffered;
                _blocks = _blocks[1..];
                _left--;
                _buffered += 8;
            }
            int code = (int)(_buffer & ((1u << bits) - 1));
            _buffer >>= bits;
            _buffered -= bits;
            return code;
        }
    }
}
