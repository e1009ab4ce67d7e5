using System.Text.Json;

namespace HrNetBatch.Simulator.Checking;

/// <content>What holds once everything has ended.</content>
internal sealed partial class Checker
{
    public void CheckEnd(Snapshot last)
    {
        if (!last.IsFinished) throw Broken("everything ends", last.Unfinished());
        CheckHeard();
        foreach (Submission submission in world.Submissions)
        {
            if (last.Job(submission.Request.Id) is null) throw Broken("what was acknowledged is kept", $"{Name(submission.Request.Id)} is not there");
        }
        int scheduled = last.Jobs.Count(job => job.Schedule == World.ScheduleName && job.Follows is null);
        if (scheduled != world.Firings.Count) throw Broken("each time of a schedule is one job", $"{scheduled} for {world.Firings.Count} times");
        foreach (JobRow job in last.Jobs.Where(job => job is { State: "Succeeded", Kind: "classify" })) CheckResult(last, job);
    }

    private void CheckResult(Snapshot last, JobRow job)
    {
        PlanRow plan = last.Plans.Single(plan => plan.Job == job.Id);
        using JsonDocument result = JsonDocument.Parse(job.Result!);
        long rows = result.RootElement.GetProperty("rows").GetInt64(), failed = result.RootElement.GetProperty("failed").GetInt64();
        if (rows + failed != world.Inputs[job.Id].Images.Count) throw Broken("one row per item", $"the result of {Name(job.Id)} is {job.Result}");
        if (failed != last.Failed.Count(item => item.Job == job.Id && item.Round == plan.ToldRound))
            throw Broken("a result's failed items are noted", $"{Name(job.Id)} has {failed}, and {last.Failed.Count(item => item.Job == job.Id && item.Round == plan.ToldRound)} are noted");
        if (plan.Round == plan.ToldRound && last.Units.Any(unit => unit.Job == job.Id && !unit.IsCommitted)) throw Broken("a finished job has no open units", Name(job.Id));

        string output = world.OutputOf(job.Id);
        if (!world.Blobs.Container(OutputContainer).TryGetValue(output + "manifest.json", out Blobs.MemoryBlob? blob)) throw Broken("a finished job has a manifest", Name(job.Id));
        using JsonDocument manifest = JsonDocument.Parse(blob.Content);
        Guid owner = manifest.RootElement.GetProperty("job").GetGuid();
        if (owner != job.Id && !world.MayReplace(owner, job.Id)) throw Broken("a finished job has a manifest", $"where that of {Name(job.Id)} should be is one of {Name(owner)}");
        if (owner == job.Id && (manifest.RootElement.GetProperty("rowCount").GetInt64(), manifest.RootElement.GetProperty("failedCount").GetInt64()) != (rows, failed))
            throw Broken("a result is its manifest's", $"{Name(job.Id)} says {job.Result}");
    }
}
