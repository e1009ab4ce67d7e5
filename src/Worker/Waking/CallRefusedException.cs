using HrNetBatch.Jobs.Terminal;

namespace HrNetBatch.Worker.Waking;

/// <summary>Hangfire's tables name something to run or to load that is none of this project's calls.</summary>
internal sealed class CallRefusedException(string? name) : Exception($"it names {Shown(name)}, and workers run nothing but this project's own calls")
{
    private const int LongestName = 200;

    /// <summary>The name is somebody else's: it must not steer a terminal, pretend to be a line of its own, or fill a log.</summary>
    private static string Shown(string? name) => string.IsNullOrEmpty(name) ? "nothing" : Printable.Line(name.Length <= LongestName ? name : name[..LongestName]);
}
