using System.Globalization;

namespace HrNetBatch.Model.Labels;

/// <summary>The classes as one side has them: an option, a data set, a checkpoint.</summary>
/// <param name="Owner">Who has them, for messages, such as <c>--data blob://local/flowers/train/</c>.</param>
/// <param name="Names">Their names by index; null: nobody named them.</param>
/// <param name="Count">How many there are; null: as many as names, or nobody knows.</param>
public sealed record ClassList(string Owner, IReadOnlyList<string>? Names, int? Count = null)
{
    private const int MostListed = 8, LongestShown = 100;

    /// <summary>How many there are, as far as known.</summary>
    public int? KnownCount => Names?.Count ?? Count;

    /// <summary>The owner where a sentence begins: only words of ours begin with a capital there, a name stays as it is.</summary>
    public string Beginning => Owner.StartsWith("the ", StringComparison.Ordinal) ? $"T{Owner[1..]}" : Owner;

    /// <summary>Who has which classes, in a sentence; a long list is shortened.</summary>
    public override string ToString() => Names is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Beginning} has {(Count is { } count ? Counted.Of(count, "class", "classes") : "classes")} without names.")
        : string.Create(CultureInfo.InvariantCulture, $"{Beginning} has {Names.Count}: {Listed(Names)}.");

    /// <summary>Names in a row; a long list is shortened.</summary>
    public static string Listed(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return string.Join(", ", names.Take(MostListed)) + (names.Count > MostListed ? ", …" : "");
    }

    /// <summary>What is wrong with a list of names, as a clause that quotes the wrong ones; null: nothing.</summary>
    public static string? FaultOf(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        string[] all = [.. names], doubled = Doubled(all);
        if (doubled.Length > 0)
            return $"{Quoted(doubled)} {(doubled.Length == 1 ? "stands" : "stand")} twice; each class needs a name of its own";
        string[] controls = [.. all.Where(name => name.Any(char.IsControl)).Distinct(StringComparer.Ordinal)];
        string have = controls.Length == 1 ? "has a control character" : "have control characters";
        return controls.Length > 0 ? $"{Quoted(controls)} {have}; a name is plain text on one line" : null;
    }

    /// <summary>The names that stand there more than once, each of them once.</summary>
    internal static string[] Doubled(IEnumerable<string> names) =>
        [.. names.CountBy(name => name, StringComparer.Ordinal).Where(pair => pair.Value > 1).Select(pair => pair.Key)];

    private static string Quoted(string[] names) => Listed([.. names.Select(name => $"'{ForeignText.Printable(name, LongestShown)}'")]);
}
