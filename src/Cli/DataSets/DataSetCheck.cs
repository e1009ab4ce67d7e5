using HrNetBatch.Model.Data;

namespace HrNetBatch.Cli.DataSets;

/// <summary>Reads every sample as a validation would, counts, and holds shards against the hashes that are known of them.</summary>
internal sealed class DataSetCheck(DataSet data)
{
    // The pixels are thrown away: small ones are made quickest.
    private const int ImageSize = 32;

    private readonly Dictionary<long, long> _labelCounts = [];
    private readonly List<SkippedSample> _broken = [], _unlabelled = [];

    /// <summary>Samples read.</summary>
    public long SampleCount { get; private set; }

    /// <summary>Good samples of each label.</summary>
    public IReadOnlyDictionary<long, long> LabelCounts => _labelCounts;

    /// <summary>Samples that cannot be used.</summary>
    public IReadOnlyList<SkippedSample> Broken => _broken;

    /// <summary>Samples without a label that can be used otherwise.</summary>
    public long UnlabelledCount { get; private set; }

    /// <summary>The first of them, and why they have none.</summary>
    public IReadOnlyList<SkippedSample> Unlabelled => _unlabelled;

    /// <summary>Reads them.</summary>
    /// <exception cref="ShardException">A shard cannot be read, or is not what its hash says.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await data.VerifyAsync(cancellation);
        var options = new BatchLoaderOptions { BatchSize = 64, ImageSize = ImageSize, RequiresLabels = false, OnSkipped = _broken.Add, OnUnlabelled = Note };
        await foreach (Batch batch in new BatchLoader(data, options).ReadAsync(epoch: 0, cancellationToken: cancellation))
        {
            using Batch _ = batch;
            SampleCount = batch.Cursor;
            foreach (long label in batch.Labels.data<long>())
                _labelCounts[label] = _labelCounts.GetValueOrDefault(label) + 1;
        }
        SampleCount = Math.Max(SampleCount, _labelCounts.Values.Sum() + _broken.Count);

        void Note(SkippedSample unlabelled)
        {
            if (UnlabelledCount++ < DataSetReport.MostListed)
                _unlabelled.Add(unlabelled);
        }
    }
}
