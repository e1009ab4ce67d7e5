namespace HrNetBatch.Cli.Submission;

/// <summary>Cuts a command line at every <c>--then</c>: what follows each is another job's own command line.</summary>
internal static class FollowerArguments
{
    private const string Separator = "--then";

    /// <summary><c>train A --then validate B --then classify C</c> becomes <c>train A</c> and [<c>validate B</c>, <c>classify C</c>].</summary>
    public static (string[] Own, IReadOnlyList<string[]> Followers) Split(string[] arguments)
    {
        var segments = new List<List<string>> { new() };
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case Separator:
                    segments.Add([]);
                    break;

                // About the command as a whole, wherever it stands.
                case "--json" or "--wait" or "--help" or "-h" or "-?":
                    segments[0].Add(arguments[i]);
                    break;
                case "--stack" or SubmissionOptions.Via when i + 1 < arguments.Length:
                    segments[0].AddRange([arguments[i], arguments[++i]]);
                    break;
                default:
                    segments[^1].Add(arguments[i]);
                    break;
            }
        }
        return ([.. segments[0]], [.. segments.Skip(1).Select(segment => segment.ToArray())]);
    }
}
