using System.Globalization;

namespace HrNetBatch.Model.Labels;

/// <summary>The classes as one side has them: an option, a data set, a checkpoint.</summary>
/// <param name="Owner">Who has them, for messages, such as <c>--data blob://local/flowers/train/</c>.</param>
/// <param name="Names">Their names by index; null: nobody named them.</param>
/// <param name="Count">How many there are; null: as many as names, or nobody knows.</param>
public sealed record ClassList(string Owner, IReadOnlyList<string>? Names, int? Count = null)
{
    private const int MostListed = 8;

    /// <summary>How many there are, as far as known.</summary>
    public int? KnownCount => Names?.Count ?? Count;

    /// <summary>Who has which classes, in a sentence; a long list is shortened.</summary>
    public override string ToString() => Names is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Owner} has {Count} classes without names.")
        : string.Create(CultureInfo.InvariantCulture, $"{Owner} has {Names.Count}: {Listed(Names)}.");

    /// <summary>Names in a row; a long list is shortened.</summary>
    public static string Listed(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return string.Join(", ", names.Take(MostListed)) + (names.Count > MostListed ? ", …" : "");
    }

    /// <summary>The first name that stands there twice; null: none does.</summary>
    public static string? FirstDoubled(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return names.FirstOrDefault(name => !seen.Add(name));
    }
}
