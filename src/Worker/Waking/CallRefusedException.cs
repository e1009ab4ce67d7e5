namespace HrNetBatch.Worker.Waking;

/// <summary>Hangfire's tables name something to run or to load that is none of this project's calls.</summary>
internal sealed class CallRefusedException(string? name) : Exception($"it names {Printable(name)}, and workers run nothing but this project's own calls")
{
    private const int LongestName = 200;

    /// <summary>The name is somebody else's: it must not steer a terminal or fill a log.</summary>
    private static string Printable(string? name) =>
        string.IsNullOrEmpty(name) ? "nothing" : new([.. name.Take(LongestName).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}
