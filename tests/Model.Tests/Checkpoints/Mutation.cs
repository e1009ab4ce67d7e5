namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>One to three small changes of a file.</summary>
internal static class Mutation
{
    private static readonly string[] Fragments =
        ["0", "-1", "9", "999999999999", "18446744073709551616", "1e9", "null", "true", "\"\"", "[", "]", "{", "}", ",", ":", "\"F64\"", "\"U8\"", "\\u0000", "\\ud800", "é", "\"__metadata__\":{}", "\"dtype\":"];

    /// <summary>Bits, bytes, runs and copies; sometimes the file is cut or gets longer.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.AsSpan(at, Math.Min(random.Next(1, 9), bytes.Length - at)).Fill(random.Next(2) == 0 ? (byte)0xff : (byte)0);
                    break;
                case 3:
                    int length = Math.Min(random.Next(1, 32), bytes.Length - at);
                    bytes.AsSpan(random.Next(bytes.Length - length + 1), length).CopyTo(bytes.AsSpan(at));
                    break;
                default:
                    bytes = random.Next(4) == 0 ? bytes[..Math.Max(at, 1)] : [.. bytes[..at], .. bytes[random.Next(at + 1)..]];
                    break;
            }
        }
        return bytes;
    }

    /// <summary>The same for JSON: digits changed, pieces of JSON put in, removed or repeated.</summary>
    public static byte[] OfText(byte[] original, Random random)
    {
        byte[] text = [.. original];
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(text.Length), length = Math.Min(random.Next(1, 40), text.Length - at);
            switch (random.Next(5))
            {
                case 0:
                    int digit = text.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
                    if (digit >= 0)
                        text[at + digit] = (byte)random.Next('0', '9' + 1);
                    break;
                case 1:
                    text = [.. text[..at], .. System.Text.Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]), .. text[at..]];
                    break;
                case 2:
                    text = [.. text[..at], .. text[(at + length)..], (byte)' '];
                    break;
                case 3:
                    text = [.. text[..at], .. text[at..(at + length)], .. text[at..]];
                    break;
                default:
                    text[at] = (byte)random.Next(256);
                    break;
            }
        }
        return text;
    }
}
