using System.Globalization;
using System.Text.RegularExpressions;

namespace HrNetBatch.Model.Labels;

/// <summary>
/// Finds out which class is which where two sides have classes: a data set and a job's labels, a data set and a checkpoint, a checkpoint
/// and the run that begins with it. Names are compared wherever both sides have them; what has only numbers keeps them.
/// </summary>
public static partial class ClassMatching
{
    private const string Advice = "Names are compared to the letter. Rename what is meant to be the same, or give what belongs together.";

    /// <summary>The class of <paramref name="known"/> that each class of <paramref name="other"/> is.</summary>
    /// <param name="other">The side whose numbers are translated.</param>
    /// <param name="known">The side whose numbers count.</param>
    /// <param name="allowsSubset">Whether the other side may lack some of the known classes.</param>
    /// <exception cref="ClassNamesException">They are not the same classes, or nothing says which is which.</exception>
    public static ClassMap Match(ClassList other, ClassList known, bool allowsSubset) =>
        TryMatch(other, known, allowsSubset, out string fault) ?? throw new ClassNamesException(fault);

    /// <summary>As <see cref="Match"/>; null where they do not match, and why.</summary>
    public static ClassMap? TryMatch(ClassList other, ClassList known, bool allowsSubset, out string fault)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(known);
        fault = "";
        if (other.Names is not { } names)
            return ClassMap.Identity;
        if (known.Names is not { } against)
            return ByNumber(other, names, known, out fault);
        if (names.SequenceEqual(against) || AreImageNets(names, against) || AreImageNets(against, names))
            return ClassMap.Identity;
        if (Doubled(other) is { } doubled)
            return Refused(doubled, out fault);
        if (Doubled(known) is { } twice)
            return Refused(twice, out fault);

        string[] unknown = [.. names.Except(against, StringComparer.Ordinal)], missing = [.. against.Except(names, StringComparer.Ordinal)];
        if (unknown.Length == names.Count && ClassNumbers.Of([.. names], against.Count) is { } numbers && (allowsSubset || missing.Length == unknown.Length))
            return ClassMap.Of(names, numbers);   // folders that are called by the classes' numbers
        if (unknown.Length > 0 && AreWnids(names) && against.SequenceEqual(ImageNetLabels.All))
            return Refused($"{other} {known.Beginning} has ImageNet's 1,000 classes by their English names. All 1,000 folders are told apart by their order; which of the 1,000 these are is not. "
                + "Give all of them, or make shards with the list of all WordNet ids (hrnet dataset make --labels).", out fault);
        if (unknown.Length > 0)
            return Refused($"{other.Beginning} has classes that {known.Owner} lacks: {ClassList.Listed(unknown)}. {other} {known} {Advice}", out fault);
        if (missing.Length > 0 && !allowsSubset)
            return Refused($"{other.Beginning} lacks classes of {known.Owner}: {ClassList.Listed(missing)}. {other} {known} {Advice}", out fault);
        var places = against.Index().ToDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
        return ClassMap.Of(names, [.. names.Select(name => places[name])]);
    }

    // Nobody named the known classes: numbers are all that can be compared.
    private static ClassMap? ByNumber(ClassList other, IReadOnlyList<string> names, ClassList known, out string fault)
    {
        fault = "";
        if (known.Count is not { } count || names.Count == count)
            return ClassMap.Identity;
        if (ClassNumbers.Of([.. names], count) is { } numbers)
            return ClassMap.Of(names, numbers);
        return Refused(string.Create(CultureInfo.InvariantCulture,
            $"{other} {known} Nothing says which of the {count} these are. Give as many classes, or the names of all {count} in their order."), out fault);
    }

    private static string? Doubled(ClassList list) => ClassList.Doubled(list.Names!).FirstOrDefault() is { } name
        ? $"{list.Beginning} names '{name}' twice, so it does not say which class is meant. {list} Give each class a name of its own."
        : null;

    private static ClassMap? Refused(string why, out string fault)
    {
        fault = why;
        return null;
    }

    // ImageNet's outputs are in the order of the WordNet ids, by which its folders are called and its names listed.
    private static bool AreImageNets(IReadOnlyList<string> wnids, IReadOnlyList<string> names) =>
        wnids.Count == ImageNetLabels.All.Count && AreWnids(wnids) && names.SequenceEqual(ImageNetLabels.All)
        && wnids.Zip(wnids.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) < 0);

    private static bool AreWnids(IEnumerable<string> names) => names.All(name => WordNetId().IsMatch(name));

    [GeneratedRegex(@"^n\d{8}$")]
    private static partial Regex WordNetId();
}
