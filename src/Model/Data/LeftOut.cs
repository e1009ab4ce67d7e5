using System.Globalization;

namespace HrNetBatch.Model.Data;

/// <summary>Files that a data set does not read, or members of its tars.</summary>
/// <param name="Reason">Why, and where something can be done, what.</param>
/// <param name="Count">How many.</param>
/// <param name="Example">The first of them.</param>
public sealed record LeftOut(string Reason, long Count, string Example)
{
    private const int MostTold = 3;

    /// <summary>A sentence about what was left out most, for the message that there is nothing else; empty where nothing was.</summary>
    public static string Text(IReadOnlyList<LeftOut> all)
    {
        ArgumentNullException.ThrowIfNull(all);
        long others = all.Skip(MostTold).Sum(left => left.Count);
        return all.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{string.Join("; ", all.Take(MostTold))}{(others == 0 ? "" : $"; and {others} for other reasons")}. ");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Count} left out, {(Count == 1 ? "" : "such as ")}{Example}: {Reason}");
}
