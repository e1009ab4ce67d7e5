using Cronos;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>When a schedule fires: cron's five fields, or six with seconds first, or one of its names, in UTC.</summary>
public static class ScheduleTimes
{
    // Hangfire knows fields alone, so a name is kept as what it stands for.
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
        ["@every_minute"] = "* * * * *",
    };

    private static readonly DateTime LongAgo = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The fields that an expression or a name stands for.</summary>
    /// <exception cref="FormatException">It is none, or it never fires; the message is a sentence.</exception>
    public static string Fields(string text)
    {
        text = text.Trim();
        if (text.StartsWith('@') && !Names.TryGetValue(text, out text!))
            throw new FormatException($"There is no such name of a schedule; there are {string.Join(", ", Names.Keys)}.");
        CronExpression expression;
        try
        {
            expression = Parse(text);
        }
        catch (CronFormatException error)
        {
            throw new FormatException($"'{text}' is no cron expression: {error.Message} \"0 3 * * *\" is daily at 3:00 UTC.", error);
        }
        return expression.GetNextOccurrence(LongAgo) is null
            ? throw new FormatException($"'{text}' never fires: no month that it names has such a day. \"0 3 * * *\" is daily at 3:00 UTC.")
            : text;
    }

    /// <summary>The first time after a moment; null: never.</summary>
    /// <exception cref="FormatException">The fields are no cron expression.</exception>
    public static DateTimeOffset? Next(string fields, DateTimeOffset after) => Parse(fields).GetNextOccurrence(after, TimeZoneInfo.Utc);

    /// <summary>Reads fields as Hangfire does.</summary>
    /// <exception cref="FormatException">They are no cron expression.</exception>
    public static CronExpression Parse(string fields)
    {
        int count = fields.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return CronExpression.Parse(fields, count == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
    }
}
