using System.Globalization;

namespace HrNetBatch.Wording;

/// <summary>Counts for people: 1 shard, 1,906 shards.</summary>
public static class Counted
{
    /// <summary>The count with the name of what is counted, in the right number.</summary>
    /// <param name="count">How many.</param>
    /// <param name="one">The name of one.</param>
    /// <param name="many">The name of several; null: that of one with an s.</param>
    public static string Of(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many ?? one + "s")}");
}
