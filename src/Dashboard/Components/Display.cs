using System.Globalization;
using System.Text.Json;

namespace HrNetBatch.Dashboard.Components;

/// <summary>Numbers and times as the pages write them.</summary>
internal static class Display
{
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Rate(double perSecond) => perSecond.ToString(perSecond >= 100 ? "N0" : perSecond >= 1 ? "N1" : "0.00", CultureInfo.InvariantCulture) + "/s";

    public static string Percent(long done, long total) =>
        (total == 0 ? 0 : Math.Floor(1000.0 * done / total) / 10).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>A share from 0 to 1 in per cent; a dash where there is none.</summary>
    public static string Share(double? share) =>
        share is { } value && double.IsFinite(value) ? (100 * value).ToString("0.##", CultureInfo.InvariantCulture) + " %" : share is null ? "" : "–";

    /// <summary>A share in whole per cent, never broken into two lines.</summary>
    public static string WholePercent(double share) => double.IsFinite(share) ? share.ToString("0%", CultureInfo.InvariantCulture).Replace("%", "\u00a0%", StringComparison.Ordinal) : "–";

    /// <summary>A number with four significant digits; a dash where it is none.</summary>
    public static string Number(double? number) =>
        number is not { } value ? "" : !double.IsFinite(value) ? "–" : Math.Abs(value) >= 1000 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>A number as markup takes it.</summary>
    public static string Plain(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>A duration in its two largest units: "2 h 5 min", "3 min 20 s", "12 s".</summary>
    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 1e9));
        FormattableString text = time switch
        {
            { TotalDays: >= 1 } => $"{(int)time.TotalDays} d {time.Hours} h",
            { TotalHours: >= 1 } => $"{time.Hours} h {time.Minutes} min",
            { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
            _ => $"{time.Seconds} s",
        };
        return text.ToString(CultureInfo.InvariantCulture);
    }

    public static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>The last characters of an id: ids of the same hour begin alike.</summary>
    public static string ShortId(Guid id) => id.ToString("N")[^8..];

    /// <summary>camelCase as words: "imageSize" becomes "image size".</summary>
    public static string Words(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $" {char.ToLowerInvariant(c)}" : c.ToString()));

    public static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "–",
        JsonValueKind.Number when value.GetDouble() is var number && number != 0 && Math.Abs(number) < 1e-3 => number.ToString("0.##e+0", CultureInfo.InvariantCulture),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.Number or JsonValueKind.String) =>
            string.Join(", ", value.EnumerateArray()),
        _ => value.GetRawText(),
    };
}
