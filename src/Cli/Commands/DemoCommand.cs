using System.CommandLine;

namespace HrNetBatch.Cli.Commands;

internal static class DemoCommand
{
    public static Command Create() => new("demo", "");
}
