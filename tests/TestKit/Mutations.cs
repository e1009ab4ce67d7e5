using System.Buffers.Binary;
using System.Text;

namespace HrNetBatch.TestKit;

/// <summary>A damaged file, and how it came to be: enough to find it again with the same seed.</summary>
/// <param name="Description">The number of the mutation, which file it was, and what was done to it.</param>
/// <param name="Bytes">The damaged bytes.</param>
public readonly record struct Mutation(string Description, byte[] Bytes);

/// <summary>
/// Damages files in the ways in which files are damaged: cut off, bits flipped, stretches lost, doubled, zeroed or swapped, a piece of
/// another file in their midst, numbers that lie. The same seed always gives the same mutations.
/// </summary>
public static class Mutations
{
    private static readonly byte[][] LyingNumbers =
    [
        [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0, 0, 0, 0x80],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        .. ((string[])["0", "-1", "77777777777\0", "99999999999", "9223372036854775807", "18446744073709551616", "1e400", "null", "\"\"", "[]", "{}", "\u00fc"])
            .Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>Mutations of some files, each file in turn.</summary>
    /// <param name="files">Files as they should be; a splice takes from any of them.</param>
    /// <param name="count">How many mutations.</param>
    /// <param name="seed">Determines all of them.</param>
    public static IEnumerable<Mutation> Of(IReadOnlyList<(string Name, byte[] Content)> files, int count, int seed)
    {
        var random = new Random(seed);
        for (int number = 0; number < count; number++)
        {
            (string name, byte[] content) = files[number % files.Count];
            var steps = new List<string>();
            for (int step = random.Next(4) == 0 ? 3 : 1; step > 0; step--)
            {
                (string what, content) = Mutate(content, files[random.Next(files.Count)].Content, random);
                steps.Add(what);
            }
            yield return new Mutation($"mutation {number} of {name} (seed {seed}): {string.Join(", then ", steps)}", content);
        }
    }

    private static (string What, byte[] Bytes) Mutate(byte[] content, byte[] other, Random random)
    {
        if (content.Length == 0)
            return ("replaced", [.. other.AsSpan(0, random.Next(other.Length + 1))]);
        int at = random.Next(content.Length), length = Math.Min(content.Length - at, 1 << random.Next(12));
        byte[] copy = [.. content];
        switch (random.Next(9))
        {
            case 0:
                return ($"cut off at {at}", content[..at]);
            case 1:
                copy[at] ^= (byte)(1 << random.Next(8));
                return ($"a bit flipped at {at}", copy);
            case 2:
                copy[at] = (byte)random.Next(256);
                return ($"a byte replaced at {at}", copy);
            case 3:
                return ($"{length} bytes lost at {at}", [.. content.AsSpan(0, at), .. content.AsSpan(at + length)]);
            case 4:
                return ($"{length} bytes doubled at {at}", [.. content.AsSpan(0, at + length), .. content.AsSpan(at)]);
            case 5:
                copy.AsSpan(at, length).Clear();
                return ($"{length} bytes zeroed at {at}", copy);
            case 6:
                int from = random.Next(other.Length + 1), taken = Math.Min(other.Length - from, 1 << random.Next(12));
                return ($"{taken} bytes of another file put in at {at}", [.. content.AsSpan(0, at), .. other.AsSpan(from, taken), .. content.AsSpan(at)]);
            case 7:
                byte[] lie = LyingNumbers[random.Next(LyingNumbers.Length)];
                lie.AsSpan(0, Math.Min(lie.Length, copy.Length - at)).CopyTo(copy.AsSpan(at));
                return ($"{Convert.ToHexString(lie)} written at {at}", copy);
            default:
                if (content.Length - at < 4)
                    return ("left as it is", copy);
                uint number = BinaryPrimitives.ReadUInt32LittleEndian(copy.AsSpan(at));
                BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(at), random.Next(2) == 0 ? number + (uint)random.Next(1, 600) : number * 2);
                return ($"a number raised at {at}", copy);
        }
    }
}
