using System.Globalization;
using System.Text.Json;

namespace HrNetBatch.Cli.Output;

/// <summary>Numbers and times as people read them.</summary>
internal static class Words
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>1,906</summary>
    public static string Count(long count) => count.ToString("N0", Culture);

    /// <summary>1 shard, 1,906 shards</summary>
    public static string Count(long count, string one, string? many = null) => Counted.Of(count, one, many);

    /// <summary>A JSON value as text: a string without its quotes, true rather than True.</summary>
    public static string Text(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetRawText() : value.ToString();

    /// <summary>A text with a full stop, unless it ends as a sentence already.</summary>
    public static string Sentence(string text) => text.TrimEnd() is [.., '.' or '!' or '?' or '…' or ':'] ended ? ended : text.TrimEnd() + ".";

    /// <summary>12.3 MB</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        < 1e3 => string.Create(Culture, $"{bytes:0} B"),
        < 1e6 => string.Create(Culture, $"{bytes / 1e3:0.0} kB"),
        < 1e9 => string.Create(Culture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(Culture, $"{bytes / 1e9:0.00} GB"),
    };

    /// <summary>42 s, 3 min 5 s, 2 h 10 min</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(Culture, $"{Math.Max(0, time.TotalSeconds):0} s"),
        { TotalMinutes: < 60 } => string.Create(Culture, $"{time.Minutes} min {time.Seconds} s"),
        { TotalHours: < 48 } => string.Create(Culture, $"{(int)time.TotalHours} h {time.Minutes} min"),
        _ => string.Create(Culture, $"{time.TotalDays:0} days"),
    };

    /// <summary>0.713, 1.2e-05</summary>
    public static string Value(double value) =>
        value == 0 || Math.Abs(value) is >= 0.001 and < 1e7 ? value.ToString("0.####", Culture) : value.ToString("0.##e+0", Culture);

    /// <summary>1,234/s, 2.5/s, 4.0/min</summary>
    public static string Rate(double perSecond) => perSecond switch
    {
        >= 10 => perSecond.ToString("N0", Culture) + "/s",
        >= 0.1 => perSecond.ToString("0.0", Culture) + "/s",
        _ => (perSecond * 60).ToString("0.0#", Culture) + "/min",
    };
}
