using System.CommandLine;

namespace HrNetBatch.Cli.Commands;

/// <summary>The argument that names a job.</summary>
internal static class JobArgument
{
    public static Argument<string> Create() => new("JOB") { Description = "The job's id, or any unique part of it." };
}
