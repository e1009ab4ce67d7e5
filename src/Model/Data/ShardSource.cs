using System.Runtime.CompilerServices;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>
/// A data set of which shards are made: its samples under keys that are unique in all of it, whatever order they are drawn in, and
/// without those that no job could use.
/// </summary>
/// <param name="data">The data set.</param>
public sealed class ShardSource(DataSet data)
{
    private const string NoLabel = "no label, where other samples have one";

    // Keys that are taken, with the number of the last sample that wanted them.
    private readonly Dictionary<string, int> _takenKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Shard, long Offset), string> _renamed = [];
    private readonly LeftOutFiles _leftOut = new();

    /// <summary>Whether a sample has a label.</summary>
    public bool HasLabels { get; private set; }

    /// <summary>How many samples are called otherwise than in the source, since an earlier one has their key.</summary>
    public int RenamedCount => _renamed.Count;

    /// <summary>Samples that were left out so far, by reason.</summary>
    public IReadOnlyList<LeftOut> LeftOut => _leftOut.ToList();

    /// <summary>Learns the keys of all samples, and where they lie; false where their places stay unknown, as in compressed shards.</summary>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    public Task<bool> SurveyAsync(CancellationToken cancellationToken) => data.LocateAsync(Survey, cancellationToken);

    /// <summary>The samples that can be used, under their new keys, once they are surveyed.</summary>
    /// <param name="order">The order.</param>
    /// <param name="onSkipped">Hears of each sample that is left out.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    public async IAsyncEnumerable<Sample> ReadAsync(
        SampleOrder order, Action<SkippedSample> onSkipped, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onSkipped);
        await foreach (Sample sample in new ShuffledSamples(data).ReadAsync(order, cancellationToken))
        {
            if (FaultOf(sample) is { } fault)
            {
                _leftOut.Add(fault, data.Layout is DataLayout.ImageFolder ? sample.Shard : $"{sample.Shard}#{sample.Key}");
                onSkipped(new SkippedSample(sample.Shard, sample.Key, fault == NoLabel ? $"{fault}: {LabeledImage.LabelFault(sample)}" : fault));
                continue;
            }
            yield return sample with { Key = _renamed.GetValueOrDefault((sample.Shard, sample.Offset)) ?? ShardSample.KeyOf(sample.Key) };
        }
    }

    private void Survey(SampleHead head)
    {
        HasLabels |= head.HasLabel;
        string key = ShardSample.KeyOf(head.Key), unique;
        if (_takenKeys.TryAdd(key, 1))
            return;
        int number = _takenKeys[key];
        do
            unique = $"{key}_{++number}";
        while (!_takenKeys.TryAdd(unique, 1));
        _takenKeys[key] = number;
        _renamed[(head.Shard, head.Offset)] = unique;
    }

    private string? FaultOf(Sample sample) =>
        !LabeledImage.TryRead(sample, requiresLabel: false, out LabeledImage image, out string reason) ? reason
        : ImageDecoder.FaultOf(image.Image) is { } fault ? fault
        : HasLabels && image.Label == LabeledImage.NoLabel ? NoLabel
        : null;
}
