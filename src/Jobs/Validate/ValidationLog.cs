using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.Validate;

/// <summary>What a validation says in the log, inside a train job too.</summary>
internal static partial class ValidationLog
{
    /// <summary>The original's line of meters.</summary>
    [LoggerMessage(3020, LogLevel.Information, "Job {Job} {Meters}")]
    public static partial void LogMeters(ILogger logger, Guid job, string meters);
}
