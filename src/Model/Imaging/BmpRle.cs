namespace HrNetBatch.Model.Imaging;

/// <summary>The run lengths of 8- and 4-bit bitmaps.</summary>
internal static class BmpRle
{
    private const byte EndOfLine = 0, EndOfBitmap = 1, Delta = 2;

    /// <summary>Fills the indices, a byte each, in the file's order of rows.</summary>
    /// <exception cref="ImageException">The data ends before the last pixel.</exception>
    public static void Decode(ReadOnlySpan<byte> bmp, BmpHeader header, Span<byte> indices, bool isRle4)
    {
        long at = header.DataOffset;
        int written = 0, column = 0;
        while (written < indices.Length && at + 2 <= bmp.Length)
        {
            (byte count, byte value) = (bmp[(int)at], bmp[(int)at + 1]);
            at += 2;
            if (count > 0)
            {
                // As Pillow: what is too much for a row is dropped.
                int run = Math.Min(Math.Clamp(header.Width - column, 0, count), indices.Length - written);
                for (int i = 0; i < run; i++)
                    indices[written++] = !isRle4 ? value : (byte)(i % 2 == 0 ? value >> 4 : value & 0xF);
                column += run;
                continue;
            }
            if (value == EndOfBitmap)
                break;
            if (value == EndOfLine)
            {
                Skip(indices, ref written, (header.Width - (written % header.Width)) % header.Width);
                column = 0;
            }
            else if (value == Delta)
            {
                if (at + 2 > bmp.Length)
                    break;
                Skip(indices, ref written, bmp[(int)at] + (bmp[(int)at + 1] * header.Width));
                column = written % header.Width;
                at += 2;
            }
            else
            {
                int bytes = isRle4 ? (value + 1) / 2 : value;
                if (at + bytes > bmp.Length)
                    break;
                for (int i = 0; i < value && written < indices.Length; i++)
                    indices[written++] = !isRle4 ? bmp[(int)at + i] : (byte)(i % 2 == 0 ? bmp[(int)at + (i / 2)] >> 4 : bmp[(int)at + (i / 2)] & 0xF);
                column += value;
                at += bytes;
                at += at % 2;
            }
        }
        if (written < indices.Length)
            throw new ImageException("the BMP is truncated");
    }

    private static void Skip(Span<byte> indices, ref int written, int count)
    {
        count = Math.Min(count, indices.Length - written);
        indices.Slice(written, count).Clear();
        written += count;
    }
}
