using System.Text.RegularExpressions;

namespace HrNetBatch.Cli.Submission;

/// <summary>How a field of a job's arguments is called on the command line.</summary>
internal static partial class OptionName
{
    /// <summary><c>EpochCount</c> and <c>epochCount</c> become <c>--epoch-count</c>.</summary>
    public static string Of(string field) => "--" + Words().Replace(field, "-$1").TrimStart('-').ToLowerInvariant();

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Words();
}
