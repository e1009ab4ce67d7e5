using Cronos;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>When a schedule fires: cron's five fields, or six with seconds first, or one of its names, in UTC.</summary>
public static class ScheduleTimes
{
    // Hangfire knows fields alone, so a name is kept as what it stands for.
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private const string Example = "\"0 3 * * *\" is daily at 3:00 UTC";

    private static readonly DateTime LongAgo = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The fields that an expression or a name stands for.</summary>
    /// <exception cref="FormatException">It is none, or it never fires; the message is a sentence.</exception>
    public static string Fields(string text)
    {
        text = text.Trim();
        if (text.StartsWith('@'))
            return Names.TryGetValue(text, out string? named) ? named : throw new FormatException(NoSuchName(text));
        int count = Count(text);
        if (count is not (5 or 6))
            throw new FormatException($"'{text}' has {Counted.Of(count, "field")}, and a cron expression has five: minute, hour, day of the month, month, day of the week. {Example}.");
        CronExpression expression;
        try
        {
            expression = Parse(text);
        }
        catch (CronFormatException error)
        {
            throw new FormatException($"'{text}' is no cron expression: {error.Message.Replace("The given cron expression has an invalid format. ", "", StringComparison.Ordinal)} {Example}.", error);
        }
        return expression.GetNextOccurrence(LongAgo) is null
            ? throw new FormatException($"'{text}' never fires: no month that it names has such a day. {Example}.")
            : text;
    }

    /// <summary>The first time after a moment; null: never.</summary>
    /// <exception cref="FormatException">The fields are no cron expression.</exception>
    public static DateTimeOffset? Next(string fields, DateTimeOffset after) => Parse(fields).GetNextOccurrence(after, TimeZoneInfo.Utc);

    /// <summary>Reads fields as Hangfire does.</summary>
    /// <exception cref="FormatException">They are no cron expression.</exception>
    public static CronExpression Parse(string fields) =>
        CronExpression.Parse(fields, Count(fields) == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);

    private static int Count(string fields) => fields.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    // Other schedulers have @every 5m and @reboot.
    private static string NoSuchName(string text) =>
        $"'{text}' is no name of a schedule; the names are {string.Join(", ", Names.Keys)}. "
        + (text.StartsWith("@every", StringComparison.OrdinalIgnoreCase) ? "Every five minutes is \"*/5 * * * *\", every second hour \"0 */2 * * *\"." : $"{Example}.");
}
