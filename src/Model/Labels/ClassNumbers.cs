using System.Globalization;

namespace HrNetBatch.Model.Labels;

/// <summary>Class names that are numbers, as of folders called 0, 1, 10.</summary>
public static class ClassNumbers
{
    /// <summary>The numbers that these names are, where each is one below <paramref name="limit"/> and none stands twice; else null.</summary>
    public static int[]? Of(IReadOnlyCollection<string> names, int limit)
    {
        ArgumentNullException.ThrowIfNull(names);
        var numbers = new List<int>(names.Count);
        foreach (string name in names)
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number >= limit)
                return null;
            numbers.Add(number);
        }
        return numbers.Distinct().Count() == numbers.Count ? [.. numbers] : null;
    }

    /// <summary>Whether these classes are numbers whose order is not the ordinal one, by which versions before this rule numbered them.</summary>
    public static bool WereOtherwise(IReadOnlyCollection<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return Of(classes, classes.Count) is not null && !classes.SequenceEqual(classes.Order(StringComparer.Ordinal));
    }

    /// <summary>Folder names as classes by index: where they are the whole numbers from 0 to n − 1 the number is the index, else their ordinal order tells it.</summary>
    public static string[] Order(IEnumerable<string> names)
    {
        string[] ordinal = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (Of(ordinal, ordinal.Length) is { } numbers)
            Array.Sort(numbers, ordinal);
        return ordinal;
    }
}
