namespace HrNetBatch.Model.Data;

/// <summary>
/// How well the classes are mixed in the batches of an epoch: how many classes a batch holds, against how many it would hold if its
/// samples were drawn from all those that were seen. Data that are sorted by class and hardly shuffled have few.
/// </summary>
public sealed class ClassMixture
{
    /// <summary>Below this share of the classes of a uniform draw training suffers.</summary>
    public const double LeastShare = 0.75;

    // Of fewer batches the means say little.
    private const int LeastBatches = 20;

    private readonly Dictionary<long, long> _seen = [];
    private readonly HashSet<long> _inBatch = [];
    private long _batches, _samples, _classes;

    /// <summary>Classes that a batch held, on average.</summary>
    public double Classes => (double)_classes / Math.Max(1, _batches);

    /// <summary>Samples of a batch, on average.</summary>
    public double BatchSize => (double)_samples / Math.Max(1, _batches);

    /// <summary>Classes that it would hold on average, if its samples were drawn from all that were seen.</summary>
    public double UniformClasses => _seen.Values.Sum(count => 1 - Math.Pow(1 - (double)count / _samples, BatchSize));

    /// <summary>Whether enough was seen to say that the batches are far from uniform.</summary>
    public bool IsPoor => _batches >= LeastBatches && Classes < LeastShare * UniformClasses;

    /// <summary>Takes note of a batch.</summary>
    /// <param name="labels">Its class indices; those below 0 are none.</param>
    public void Add(IEnumerable<long> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        _inBatch.Clear();
        foreach (long label in labels.Where(label => label >= 0))
        {
            _seen[label] = _seen.GetValueOrDefault(label) + 1;
            _inBatch.Add(label);
            _samples++;
        }
        _classes += _inBatch.Count;
        _batches++;
    }
}
