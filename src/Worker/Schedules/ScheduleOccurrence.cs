using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cronos;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Worker.Schedules;

/// <summary>Which run of a schedule a firing stands for, so that a firing that comes twice makes one job.</summary>
internal static class ScheduleOccurrence
{
    /// <summary>The last time at or before <paramref name="firedAt"/> that the expression names, in UTC; null when there is none in the last years.</summary>
    /// <exception cref="FormatException">The expression is none.</exception>
    public static DateTime? Before(string cron, DateTime firedAt)
    {
        CronExpression expression = ScheduleTimes.Parse(cron);
        // Cronos looks ahead only. Look back from ever further away until something lies in between.
        for (TimeSpan back = TimeSpan.FromMinutes(2); back < TimeSpan.FromDays(3000); back *= 8)
        {
            if (expression.GetOccurrences(firedAt - back, firedAt, fromInclusive: true, toInclusive: true).Cast<DateTime?>().LastOrDefault() is { } last)
                return last;
        }
        return null;
    }

    /// <summary>The id of the job that this run makes, always the same.</summary>
    public static Guid JobId(string schedule, DateTime occurrence)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{schedule}\n{occurrence:O}")));
        Span<byte> id = hash.AsSpan(0, 16);
        id[6] = (byte)((id[6] & 0x0F) | 0x80); // version 8, RFC 9562: a hash of our own
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new(id, bigEndian: true);
    }
}
