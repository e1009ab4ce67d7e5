using System.Globalization;
using System.Text;

namespace HrNetBatch.Wording;

/// <summary>Text of a file for terminals, logs and pages: it may be a megabyte long, or hold what moves a cursor.</summary>
public static class ForeignText
{
    private const int MaximumLength = 2000;

    /// <summary>The text with control and formatting characters written as <c>\u001b</c>, cut where it is longer than anybody reads.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="maximumLength">Characters that are left.</param>
    public static string Printable(string text, int maximumLength = MaximumLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= maximumLength && text.All(IsPlain))
            return text;
        var result = new StringBuilder();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, maximumLength)))
        {
            if (IsPlain(c))
                result.Append(c);
            else
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        return text.Length <= maximumLength ? result.ToString() : result.Append('…').ToString();
    }

    /// <summary>Whether a text is shown as it is.</summary>
    public static bool IsPrintable(string text) => text.All(IsPlain);

    private static bool IsPlain(char c) => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
