using System.Globalization;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Which names of blobs can be used: those that a URL carries to the very blob that they name. URLs resolve <c>.</c> and <c>..</c>, and
/// take a backslash for a slash, so a request with such a name would mean another blob, even one of another container.
/// </summary>
public static class BlobName
{
    private const int MaximumLength = 1024;

    /// <summary>What is wrong with a name, as what follows "the name"; null: nothing.</summary>
    public static string? Fault(string name)
    {
        if (name.Length > MaximumLength) return "has more than 1,024 characters";
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '\\') return "holds a backslash, which URLs turn into a slash";
            if (IsControl(name[i])) return string.Create(CultureInfo.InvariantCulture, $"holds the control character U+{(int)name[i]:X4}");
            if (!char.IsSurrogate(name[i])) continue;
            if (i + 1 < name.Length && char.IsSurrogatePair(name[i], name[i + 1])) i++;
            else return "holds half a character (a lone surrogate)";
        }
        foreach (var segment in name.Split('/'))
        {
            if (segment is "." or "..") return $"holds the part '{segment}', which URLs resolve to another name";
        }
        return null;
    }

    /// <summary>What to say of a blob that was listed, or is named by somebody's list, and whose name cannot be requested.</summary>
    /// <param name="path">Its path, as text.</param>
    /// <param name="fault">What is wrong with its name.</param>
    public static string CannotBeRequested(string path, string fault) =>
        $"'{Shown(path)}' cannot be requested: its name {fault}. Upload its file again under another name, and leave this blob out.";

    /// <summary>A name for people: control characters, which a terminal may obey, are written as escapes.</summary>
    public static string Shown(string name) => name.Any(IsControl)
        ? string.Concat(name.Select(c => IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : $"{c}"))
        : name;

    private static bool IsControl(char c) => c < 0x20 || c == 0x7f;
}
