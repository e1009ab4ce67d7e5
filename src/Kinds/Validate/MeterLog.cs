using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Validate;

/// <summary>The meters in the log, in the words of the original.</summary>
internal static partial class MeterLog
{
    /// <summary>A line of meters.</summary>
    [LoggerMessage(3020, LogLevel.Information, "Job {Job} {Meters}")]
    public static partial void LogMeters(ILogger logger, Guid job, string meters);
}
