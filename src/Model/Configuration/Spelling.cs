namespace HrNetBatch.Model.Configuration;

/// <summary>Finds what somebody who mistyped a name may have meant.</summary>
internal static class Spelling
{
    /// <summary>The candidate that takes the fewest letters to correct; null where it takes more than a third of them.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        (string? Name, int Distance) best = candidates
            .Select(candidate => ((string?)candidate, Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .DefaultIfEmpty((null, int.MaxValue)).MinBy(found => found.Item2);
        return best.Distance <= Math.Max(2, name.Length / 3) ? best.Name : null;
    }

    /// <summary>Levenshtein's: letters to insert, delete or replace.</summary>
    internal static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
                (row[j], diagonal) = (Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1)), row[j]);
        }
        return row[^1];
    }
}
