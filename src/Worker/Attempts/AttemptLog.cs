using System.Collections.Concurrent;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Worker.Protocol;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Attempts;

/// <summary>Writes the log lines of an attempt's process to the worker's log, as if they had been written here.</summary>
internal sealed class AttemptLog(ILoggerFactory loggers, Lease lease)
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new();

    public void Write(LogMessage line)
    {
        ILogger logger = _loggers.GetOrAdd(line.Category, loggers.CreateLogger);
        if (!logger.IsEnabled(line.Level))
            return;
        var state = new AttemptLine(lease, line);
        logger.Log(line.Level, new EventId(line.EventId, line.EventName), state, null, static (state, _) => state.ToString());
    }

    /// <summary>The fields that log stores index, and the text that people read.</summary>
    private sealed class AttemptLine(Lease lease, LogMessage line) : List<KeyValuePair<string, object?>>(
    [
        new("Job", lease.JobId), new("Attempt", lease.Attempt), new("Lane", lease.Lane), new("Exception", line.Exception),
    ])
    {
        public override string ToString()
        {
            string text = $"[{lease.JobId} attempt {lease.Attempt} lane {lease.Lane}] {line.Text}";
            return line.Exception is null ? text : $"{text}{Environment.NewLine}{line.Exception}";
        }
    }
}
