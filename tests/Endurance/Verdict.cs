using System.Globalization;

namespace HrNetBatch.Endurance;

/// <summary>What an endurance run found.</summary>
/// <param name="Plan">What was planned.</param>
/// <param name="Kills">How often each kind of process was killed.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Acknowledged">Sends that the broker acknowledged.</param>
/// <param name="Redelivered">Messages that came again because nobody knew whether they were completed.</param>
/// <param name="Faults">What went wrong; empty: nothing.</param>
public sealed record Verdict(
    Plan Plan, IReadOnlyDictionary<string, int> Kills, TimeSpan Duration, long Acknowledged, long Redelivered, IReadOnlyList<string> Faults)
{
    private const int MostFaults = 20;

    /// <summary>Compares what senders and receivers noted.</summary>
    public static Verdict Of(Plan plan, string folder, IReadOnlyDictionary<string, int> kills, TimeSpan duration, long left)
    {
        List<string> faults = [];
        if (left != 0) faults.Add($"{left} messages are left in the queue.");
        Dictionary<string, int> acknowledged = Journal.Read(folder, "sent-*.log").GroupBy(entry => entry.Session)
            .ToDictionary(session => session.Key, session => session.Max(entry => entry.Numbers.Max()));
        ILookup<string, Entry> received = Journal.Read(folder, "received-*.log").ToLookup(entry => entry.Session);
        long redelivered = 0;
        foreach (string session in Plan.Sessions)
        {
            int last = Follow(session, received[session], faults, ref redelivered);
            if (last != acknowledged.GetValueOrDefault(session))
                faults.Add($"Session {session}: {acknowledged.GetValueOrDefault(session)} messages were acknowledged and {last} received.");
        }
        return new Verdict(plan, kills, duration, acknowledged.Values.Sum(number => (long)number), redelivered,
            [.. faults.Take(MostFaults)]);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        {Acknowledged:N0} messages acknowledged in {Duration.TotalSeconds:0} s ({Acknowledged / Duration.TotalSeconds:N0}/s),
            seed {Plan.Seed}
        kills: {string.Join(", ", Kills.Select(kill => $"{kill.Value} of a {kill.Key}"))}
        {Redelivered:N0} delivered again after an unanswered completion
        {(Faults.Count == 0 ? "none lost, none out of order within its session, none delivered again after an acknowledged completion"
            : string.Join('\n', Faults))}
        """);

    // Each number comes for the first time right after the one before it. It may come again as long as its completion was not acknowledged.
    private static int Follow(string session, IEnumerable<Entry> entries, List<string> faults, ref long redelivered)
    {
        int last = 0;
        var completed = new HashSet<int>();
        foreach (Entry entry in entries)
        {
            if (entry.What == "completed")
            {
                completed.UnionWith(entry.Numbers);
                continue;
            }
            int before = 0;
            foreach (int number in entry.Numbers)
            {
                if (number <= before) faults.Add($"Session {session}: {number} came after {before}.");
                if (number > last + 1) faults.Add($"Session {session}: {number} came before {last + 1}.");
                if (completed.Contains(number)) faults.Add($"Session {session}: {number} came again after its completion was acknowledged.");
                if (number <= last) redelivered++;
                (before, last) = (number, Math.Max(last, number));
            }
        }
        return last;
    }
}
