namespace HrNetBatch.Simulator.Checking;

/// <content>Events and followers: what becomes known of a job.</content>
internal sealed partial class Checker
{
    // Every change of state that others may hear of is in the outbox once, in the transaction that made it, and in its order.
    private void CheckEvents(Snapshot before, Snapshot after, string by)
    {
        HashSet<long> known = [.. before.Outbox.Select(row => row.Position)];
        ILookup<Guid, EventRow> written = after.Outbox.Where(row => !known.Contains(row.Position)).ToLookup(row => row.Job);
        foreach (JobRow job in after.Jobs)
        {
            string[] expected = [.. Expected(before, after, before.Job(job.Id), job)];
            string[] found = [.. written[job.Id].Where(row => row.Event != "progressed").Select(row => row.Event)];
            if (!expected.SequenceEqual(found))
                throw Broken("each change of state is one event", $"{Name(job.Id)}: [{string.Join(", ", found)}] and not [{string.Join(", ", expected)}] after {by}");
        }
        foreach (EventRow row in written.SelectMany(rows => rows))
        {
            if (!_written.TryAdd(row.Id, (row.Job, row.Position))) throw Broken("each change of state is one event", $"two events have the id {row.Id} after {by}");
        }
        HashSet<long> left = [.. after.Outbox.Select(row => row.Position)];
        foreach (EventRow gone in before.Outbox.Where(row => !left.Contains(row.Position)))
        {
            if (!world.Topic.Exists(heard => heard.Id == gone.Id)) throw Broken("no event is lost", $"{gone.Event} of {Name(gone.Job)} left the outbox unpublished with {by}");
        }
    }

    private IEnumerable<string> Expected(Snapshot before, Snapshot after, JobRow? was, JobRow job)
    {
        if (was is null)
        {
            if (job.State == "Failed") yield return "failed"; // a follower that its parent's result does not fit
            yield break;
        }
        if (job.State != was.State)
        {
            if (job.State == "Running") yield return "started";
            if (job.HasEnded) yield return job.State.ToLowerInvariant();
            if (was.State == "Running" && job.State == "Succeeded" && job.AttemptCount > 0) NoteSuccess(before, after, job);
        }
        else if (job.State == "Running" && job.AttemptCount > was.AttemptCount && AllLost(before, after, job.Id))
        {
            yield return "started"; // in one commit the last live attempt was lost and the next one began
        }
    }

    private static bool AllLost(Snapshot before, Snapshot after, Guid job)
    {
        HashSet<Guid> wereLive = [.. before.Attempts.Where(attempt => attempt.Job == job && !attempt.HasEnded).Select(attempt => attempt.Token)];
        return wereLive.Count > 0 && after.Attempts.Where(attempt => wereLive.Contains(attempt.Token)).All(attempt => attempt.HasEnded);
    }

    private void NoteSuccess(Snapshot before, Snapshot after, JobRow job)
    {
        HashSet<Guid> wereLive = [.. before.Attempts.Where(attempt => attempt.Job == job.Id && !attempt.HasEnded).Select(attempt => attempt.Token)];
        if (after.Attempts.Any(attempt => wereLive.Contains(attempt.Token) && attempt.Outcome == "Succeeded")) _everSucceeded.Add(job.Id);
    }

    // Followers appear with the first success, all of them, once, and never otherwise.
    private void CheckFollowers(Snapshot after)
    {
        ILookup<Guid, JobRow> followers = after.Jobs.Where(job => job.Follows is not null).ToLookup(job => job.Follows!.Value);
        foreach (JobRow job in after.Jobs)
        {
            int wanted = _everSucceeded.Contains(job.Id) ? world.FollowerCountOf(job) : 0;
            if (followers[job.Id].Count() != wanted) throw Broken("followers follow a success", $"{Name(job.Id)} is {job.State} and has {followers[job.Id].Count()} followers, not {wanted}");
        }
    }

    /// <summary>What listeners heard, leaving out what they know already: all that happened, in its order for each job.</summary>
    private void CheckHeard()
    {
        var last = new Dictionary<Guid, long>();
        var heard = new HashSet<Guid>();
        foreach ((Guid id, Guid job, long position, string happened) in world.Topic)
        {
            if (!_written.ContainsKey(id)) throw Broken("no event is made up", $"{happened} of {Name(job)} was published and never in the outbox");
            if (!heard.Add(id)) continue;
            if (last.TryGetValue(job, out long earlier) && earlier > position) throw Broken("events keep their order", $"{happened} of {Name(job)} was published after a later one");
            last[job] = position;
        }
        if (_written.Keys.Any(id => !heard.Contains(id))) throw Broken("no event is lost", $"{_written.Keys.Count(id => !heard.Contains(id))} were never published");
    }
}
