namespace HrNetBatch.Model.Data.Tar;

/// <summary>
/// The list of pieces that stands before the content of a file with holes (GNU's format 1.0): numbers, a line each, the first of which
/// says how many pieces there are.
/// </summary>
internal sealed class SparseMapReader
{
    private readonly List<long> _numbers = [];
    private long _number, _wanted = 1;
    private int _digits;

    /// <summary>The pieces, when all were taken.</summary>
    public (long Offset, long Length)[] Pieces => SparseMap.Pair(_numbers[1..]);

    /// <summary>Takes a block; true when the list has ended in it.</summary>
    /// <exception cref="FormatException">It is no such list.</exception>
    public bool Take(ReadOnlySpan<byte> block)
    {
        foreach (byte character in block)
        {
            if (character is >= (byte)'0' and <= (byte)'9' && _digits < 18)
            {
                (_number, _digits) = (10 * _number + (character - '0'), _digits + 1);
                continue;
            }
            if (character != '\n' || _digits == 0)
                throw new FormatException("its list of pieces holds something else than numbers");
            if (_numbers.Count == 0)
                _wanted = _number <= SparseMap.MostPieces ? 1 + 2 * _number : throw new FormatException($"it is said to be in {_number} pieces");
            _numbers.Add(_number);
            (_number, _digits) = (0, 0);
            if (_numbers.Count == _wanted)
                return true;
        }
        return false;
    }
}
