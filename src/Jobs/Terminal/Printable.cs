namespace HrNetBatch.Jobs.Terminal;

/// <summary>
/// Text from others (names of blobs, messages, files) as a terminal may show it. Control characters would steer the terminal of whoever reads a
/// log, and marks of writing direction would show a name as another one.
/// </summary>
public static class Printable
{
    private const char BreakPicture = '\u2424'; // ␤
    private const char FirstPicture = '\u2400', Delete = '\u007f', DeletePicture = '\u2421', Unknown = '\ufffd';

    /// <summary>The text with a picture in the place of each character that steers, ␛ for Escape; line ends and tabs stay.</summary>
    public static string Of(string text) => text.Any(Steers) ? string.Concat(text.Select(Picture)) : text;

    /// <summary>The same on one line: what breaks a line is shown too, so that a name cannot pretend to be a message of its own.</summary>
    public static string Line(string text) => text.Any(BreaksLine) ? Of(string.Concat(text.Select(character => BreaksLine(character) ? BreakPicture : character))) : Of(text);

    /// <summary>What is shown in the place of a character: itself, or a picture.</summary>
    public static char Picture(char character) => character switch
    {
        _ when !Steers(character) => character,
        < ' ' => (char)(FirstPicture + character),
        Delete => DeletePicture,
        _ => Unknown,
    };

    private static bool BreaksLine(char character) => character is '\n' or '\r' or '\v' or '\f' or '\u0085' or '\u2028' or '\u2029';

    private static bool Steers(char character) => character switch
    {
        '\n' or '\t' => false,
        < ' ' or (>= Delete and <= '\u009f') => true,            // C0, DEL and C1
        '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') => true, // direction of writing
        _ => false,
    };
}
