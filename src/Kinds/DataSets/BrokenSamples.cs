using System.Globalization;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Data;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.DataSets;

/// <summary>
/// The samples that one pass over a data set could not use. Each is a failed item of its job before the batch that lacks it is used;
/// too many of them end the job. A pass that is repeated finds the same samples and records nothing new.
/// </summary>
internal sealed partial class BrokenSamples(AttemptContext attempt, double limit)
{
    /// <summary>Until this many samples are read, a few broken ones at the start say nothing about the rest.</summary>
    public const int MinimumCount = 100;

    private readonly List<SkippedSample> _unrecorded = [];
    private SkippedSample? _example;
    private long _count;

    /// <summary>Notes a sample; from the loop that reads the batches.</summary>
    public void Add(SkippedSample sample) => _unrecorded.Add(sample);

    /// <summary>Records what was noted, and checks the limit.</summary>
    /// <param name="readCount">Samples that this pass has read.</param>
    /// <param name="isComplete">Whether that is all.</param>
    /// <exception cref="JobException">The limit is passed; permanent.</exception>
    public async Task SettleAsync(long readCount, bool isComplete)
    {
        if (_unrecorded.Count == 0 && !isComplete)
            return;
        _example ??= _unrecorded.FirstOrDefault();
        if (_unrecorded.Count > 0)
        {
            foreach (SkippedSample sample in _unrecorded)
                LogLeftOut(attempt.Logger, sample.Key, sample.Shard, sample.Reason);
            await attempt.RecordFailedAsync([.. _unrecorded.Select(sample => (NameOf(sample), sample.Reason)).DistinctBy(item => item.Item1)], CancellationToken.None);
            _count += _unrecorded.Count;
            _unrecorded.Clear();
        }
        if ((isComplete || readCount >= MinimumCount) && _count > limit * readCount)
            throw new JobException(string.Create(CultureInfo.InvariantCulture,
                $"{_count} of {Counted.Of(readCount, "sample")} {(_count == 1 ? "is" : "are")} broken ({(double)_count / readCount:0.#%}), and the job allows {limit:0.#%} (brokenSampleLimit). ")
                + (_example is null ? "" : $"For example {NameOf(_example)}: {_example.Reason}. ")
                + "The job's failed items list them all. Repair the data (`hrnet dataset inspect --all` checks it), or submit the job with a larger brokenSampleLimit.");
    }

    // An image that is a file of its own is named by it alone.
    private static string NameOf(SkippedSample sample) =>
        sample.Shard.EndsWith(sample.Key, StringComparison.Ordinal) ? sample.Shard : $"{sample.Shard}#{sample.Key}";

    [LoggerMessage(3002, LogLevel.Warning, "Sample {Key} of {Shard} is left out: {Reason}")]
    private static partial void LogLeftOut(ILogger logger, string key, string shard, string reason);
}
