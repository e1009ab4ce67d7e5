using HrNetBatch.Model.Checkpoints;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Models;

/// <summary>What reading and loading a checkpoint did beyond copying, in the log: weights that were chosen, filled or converted are never a secret.</summary>
internal static partial class CheckpointLog
{
    /// <summary>Writes a line for each remark.</summary>
    public static void LogRemarks(this Checkpoint checkpoint, ILogger? logger, LoadReport report)
    {
        if (logger is null)
            return;
        foreach (string remark in checkpoint.Remarks.Concat(report.Remarks))
            LogRemark(logger, checkpoint.Name, remark);
    }

    [LoggerMessage(3010, LogLevel.Information, "Checkpoint {Checkpoint}: {Remark}")]
    private static partial void LogRemark(ILogger logger, string checkpoint, string remark);
}
