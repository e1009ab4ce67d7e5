using HrNetBatch.Jobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>How fast running jobs advance, from what pages and programs that ask again and again were told before.</summary>
internal sealed class JobRates(TimeProvider time)
{
    private const int MaxCount = 1000;
    private readonly Dictionary<Guid, RateMeter> _meters = [];

    /// <summary>Notes where a job stands; its progress a second over the last minute, null while unknown.</summary>
    public double? Note(Job job)
    {
        lock (_meters)
        {
            if (job.State != JobState.Running)
            {
                _meters.Remove(job.Id);
                return null;
            }
            if (!_meters.TryGetValue(job.Id, out RateMeter? meter))
            {
                if (_meters.Count == MaxCount)
                    _meters.Clear();   // of jobs that nobody looks at any more
                _meters[job.Id] = meter = new(time);
            }
            meter.Note(job.DoneCount);
            return meter.PerSecond;
        }
    }
}
