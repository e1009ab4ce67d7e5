using HrNetBatch.Simulator.Actors;

namespace HrNetBatch.Simulator.Checking;

/// <summary>The rules that hold after every step, whatever the order of steps and whatever goes wrong between them.</summary>
internal sealed partial class Checker(World world)
{
    private readonly HashSet<Guid> _everSucceeded = [];
    private readonly Dictionary<Guid, (Guid Job, long Position)> _written = []; // every event that was ever in the outbox

    /// <summary>Checks what one committed statement or transaction changed.</summary>
    public void Check(Snapshot before, Snapshot after, Actor? actor, string text)
    {
        string by = $"{actor?.Name ?? "a dead session"}: {text}";
        CheckLanes(after);
        CheckAttempts(before, after, actor, by);
        CheckFence(before, after, actor, by);
        foreach (JobRow job in after.Jobs) CheckJob(before, after, before.Job(job.Id), job, actor, by);
        foreach (JobRow gone in before.Jobs.Where(job => after.Job(job.Id) is null)) throw Broken("jobs stay", $"{Name(gone.Id)} is gone after {by}");
        CheckEvents(before, after, by);
        CheckFollowers(after);
        CheckUnits(before, after, by);
        foreach (Submission submission in world.Submissions.Where(submission => submission.IsAcknowledged))
        {
            if (after.Job(submission.Request.Id) is null) throw Broken("what was acknowledged is kept", $"{Name(submission.Request.Id)} is not there");
        }
    }

    private static void CheckLanes(Snapshot after)
    {
        if (after.Attempts.Where(attempt => !attempt.HasEnded).GroupBy(attempt => (attempt.Job, attempt.Lane)).FirstOrDefault(lane => lane.Count() > 1) is { } twice)
            throw Broken("one live holder per lane", $"lane {twice.Key.Lane} of {twice.Key.Job} has {twice.Count()}");
    }

    private void CheckAttempts(Snapshot before, Snapshot after, Actor? actor, string by)
    {
        Dictionary<Guid, AttemptRow> now = after.Attempts.ToDictionary(attempt => attempt.Token);
        foreach (AttemptRow was in before.Attempts)
        {
            if (!now.Remove(was.Token, out AttemptRow? attempt)) throw Broken("attempts stay", $"attempt {was.Number} of {Name(was.Job)} is gone after {by}");
            if (was.HasEnded && attempt != was) throw Broken("an ended attempt stays as it ended", $"{was} became {attempt} after {by}");
            if (attempt.ExpiresAt <= was.ExpiresAt) continue;
            if (actor is not null && was.ExpiresAt <= actor.TransactionBegan)
                throw Broken("no lease is renewed after its end", $"attempt {was.Number} of {Name(was.Job)}, whose lease ended at {was.ExpiresAt}, by {by}, begun at {actor.TransactionBegan}");
        }
        foreach (AttemptRow made in now.Values)
        {
            JobRow job = before.Job(made.Job) ?? throw Broken("claims are of jobs", $"{made} after {by}");
            if (job.HasEnded) throw Broken("nobody works on a job that has ended", $"{Name(job.Id)} is {job.State}, and {by} claimed it");
            if (job.IsCancelRequested) throw Broken("cancelled stays cancelled", $"{Name(job.Id)} is to be cancelled, and {by} claimed it");
            if (after.Job(job.Id)!.RunAt > Math.Max(after.Now, actor?.TransactionLatest ?? long.MaxValue)) throw Broken("claims wait until the job is due", $"{Name(job.Id)} is due at {job.RunAt}, and at {after.Now} {by} claimed it");
        }
        foreach (IGrouping<Guid, AttemptRow> attempts in after.Attempts.GroupBy(attempt => attempt.Job))
        {
            int count = after.Job(attempts.Key)!.AttemptCount;
            if (!attempts.Select(attempt => attempt.Number).SequenceEqual(Enumerable.Range(1, count)))
                throw Broken("attempts are counted", $"{Name(attempts.Key)} counts {count} and has {string.Join(", ", attempts.Select(attempt => attempt.Number))} after {by}");
        }
    }

    // What an attempt writes has an effect only if its lease was held when its transaction began, and nobody has ended it since.
    private void CheckFence(Snapshot before, Snapshot after, Actor? actor, string by)
    {
        if (actor?.Lease is not { } lease) return;
        JobRow? was = before.Job(lease.JobId), now = after.Job(lease.JobId);
        bool hasWritten = (was?.DoneCount, was?.TotalCount, was?.Activity, was?.Result) != (now?.DoneCount, now?.TotalCount, now?.Activity, now?.Result)
            || !before.Units.Where(unit => unit.Job == lease.JobId).SequenceEqual(after.Units.Where(unit => unit.Job == lease.JobId))
            || !before.Plans.Where(plan => plan.Job == lease.JobId).SequenceEqual(after.Plans.Where(plan => plan.Job == lease.JobId))
            || !before.Failed.Where(item => item.Job == lease.JobId).SequenceEqual(after.Failed.Where(item => item.Job == lease.JobId))
            || !before.Others.Where(row => row.Job == lease.JobId).SequenceEqual(after.Others.Where(row => row.Job == lease.JobId))
            || before.Attempts.Single(attempt => attempt.Token == lease.Token).HasEnded != after.Attempts.Single(attempt => attempt.Token == lease.Token).HasEnded;
        if (!hasWritten) return;
        AttemptRow held = before.Attempts.Single(attempt => attempt.Token == lease.Token);
        if (held.HasEnded || held.ExpiresAt <= actor.TransactionBegan)
        {
            throw Broken("no write of an outdated lease has effect",
                $"attempt {held.Number} of {Name(lease.JobId)} {(held.HasEnded ? $"had ended as {held.Outcome}" : $"had lost its lease at {held.ExpiresAt}")}, and at {actor.TransactionBegan} began {by}");
        }
    }

    private void CheckJob(Snapshot before, Snapshot after, JobRow? was, JobRow job, Actor? actor, string by)
    {
        int live = after.Attempts.Count(attempt => attempt.Job == job.Id && !attempt.HasEnded);
        if (job.State switch { "Queued" or "Scheduled" or "Cancelled" => live > 0, "Running" => live == 0, _ => false })
            throw Broken("live attempts fit the state", $"{Name(job.Id)} is {job.State} with {live} live attempts after {by}");
        if (job.HasEnded != job.HasEndTime) throw Broken("ended jobs say when", $"{Name(job.Id)} is {job.State}");
        if (!job.HasEnded && (job.FailureCount >= world.Retry.FailureLimit || job.LostCount > world.Retry.LostLimit))
            throw Broken("jobs are given up at the limit", $"{Name(job.Id)} is {job.State} with {job.FailureCount} failures and {job.LostCount} losses after {by}");
        if (was is null || was == job) return;

        bool isRetry = actor?.Role == Role.Operator && !actor.Doing.StartsWith("cancel", StringComparison.Ordinal);
        if (!Follows(was.State, job.State)) throw Broken("states follow the diagram", $"{Name(job.Id)} went from {was.State} to {job.State} with {by}");
        if (was.HasEnded && was.State != job.State && !isRetry)
            throw Broken($"{was.State.ToLowerInvariant()} stays {was.State.ToLowerInvariant()}", $"{Name(job.Id)} became {job.State} with {by}");
        if (was.IsCancelRequested && !job.IsCancelRequested && !isRetry) throw Broken("cancelled stays cancelled", $"{Name(job.Id)} is not to be cancelled any more after {by}");
        if (isRetry && was.HasEnded) return;
        if (was.State == "Succeeded" && (was.Result != job.Result || was.Error != job.Error)) throw Broken("a result stands", $"{Name(job.Id)} has {job.Result} in place of {was.Result} after {by}");
        CheckCounts(before, after, was, job, by);
        CheckBackOff(after, was, job, actor, by);
    }

    private void CheckCounts(Snapshot before, Snapshot after, JobRow was, JobRow job, string by)
    {
        HashSet<Guid> wereLive = [.. before.Attempts.Where(attempt => attempt.Job == job.Id && !attempt.HasEnded).Select(attempt => attempt.Token)];
        List<AttemptRow> ended = [.. after.Attempts.Where(attempt => attempt.HasEnded && wereLive.Contains(attempt.Token))];
        int failed = was.HasEnded ? 0 : ended.Count(attempt => attempt.Outcome == "Failed"), lost = was.HasEnded ? 0 : ended.Count(attempt => attempt.Outcome == "Lost");
        if (job.FurthestCount > was.FurthestCount && job.FailureCount == 0 && job.LostCount == 0) return; // progress forgives

        // Deaths that bring the search for an image further are excused.
        bool mayBeExcused = job.Kind == "classify" && !after.Others.Where(row => row.Job == job.Id).SequenceEqual(before.Others.Where(row => row.Job == job.Id));
        bool isRight = IsCount(job.FailureCount - was.FailureCount, failed, mayBeExcused) && IsCount(job.LostCount - was.LostCount, lost, mayBeExcused || job.HasEnded);
        if (!isRight)
        {
            throw Broken("failures are counted",
                $"{Name(job.Id)} went from {was.FailureCount} failures and {was.LostCount} losses to {job.FailureCount} and {job.LostCount} with {failed} and {lost} more, by {by}");
        }
        if (job.State == "Failed" && !was.HasEnded && failed == 0 && lost > 0 && job.LostCount <= world.Retry.LostLimit)
            throw Broken("jobs are given up at the limit", $"{Name(job.Id)} failed after {job.LostCount} losses of {world.Retry.LostLimit} with {by}");
    }

    private static bool IsCount(int added, int happened, bool mayBeLess) => added == happened || (mayBeLess && added >= 0 && added < happened);

    private void CheckBackOff(Snapshot after, JobRow was, JobRow job, Actor? actor, string by)
    {
        if (job.State != "Scheduled" || was.State != "Running" || actor is null) return;
        double seconds = world.Retry.FirstDelay.TotalSeconds * Math.Pow(2, Math.Max(0, job.FailureCount - 1)), cap = world.Retry.LongestDelay.TotalSeconds;
        double least = (actor.TransactionBegan / 1e6) + Math.Min(seconds * 0.8, cap) - 0.001, most = (Math.Max(after.Now, actor.TransactionLatest) / 1e6) + Math.Min(seconds * 1.2, cap) + 0.001;
        if (job.RunAt / 1e6 < least || job.RunAt / 1e6 > most)
            throw Broken("back-offs are those of the policy", $"{Name(job.Id)} waits until {job.RunAt / 1e6:0.000}, not between {least:0.000} and {most:0.000}, after {job.FailureCount} failures, {by}");
    }

    // docs/job-states.md; one commit may take two steps: a claim or a cancel first ends attempts whose lease is over.
    private static readonly HashSet<(string, string)> Steps =
    [
        ("Queued", "Running"), ("Queued", "Cancelled"), ("Queued", "Succeeded"), ("Scheduled", "Running"), ("Scheduled", "Cancelled"), ("Scheduled", "Succeeded"),
        ("Running", "Queued"), ("Running", "Scheduled"), ("Running", "Succeeded"), ("Running", "Failed"), ("Running", "Cancelled"),
        ("Failed", "Queued"), ("Cancelled", "Queued"), ("Succeeded", "Queued"),
    ];

    private static bool Follows(string from, string to) => from == to || Steps.Contains((from, to));

    private static ViolationException Broken(string rule, string text) => new(rule, text);

    private string Name(Guid job) => world.NameOf(job);
}
