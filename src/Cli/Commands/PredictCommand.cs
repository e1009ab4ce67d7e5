using System.CommandLine;

namespace HrNetBatch.Cli.Commands;

internal static class PredictCommand
{
    public static Command Create() => new("predict", "");
}
