using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Evaluation;

/// <summary>An image that was taken for another class.</summary>
/// <param name="Sample">Which it is.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">What it was taken for.</param>
/// <param name="Confidence">Probability that the network gave to that, 0 to 1.</param>
/// <param name="Loss">Its cross entropy: the smaller the probability of its own class, the higher.</param>
/// <param name="Image">The encoded image, where the batches carry them.</param>
public sealed record Mistake(SampleName Sample, int Label, int Predicted, double Confidence, double Loss, byte[]? Image);

/// <summary>Keeps the mistakes with the highest losses; of equal ones the first that came.</summary>
internal sealed class WorstMistakes(int capacity)
{
    private readonly PriorityQueue<Mistake, (double Loss, long Order)> _kept = new();
    private long _added;

    /// <summary>The kept ones, worst first.</summary>
    public IReadOnlyList<Mistake> All => [.. _kept.UnorderedItems.OrderByDescending(kept => kept.Priority).Select(kept => kept.Element)];

    /// <summary>Keeps it if it is bad enough.</summary>
    public void Add(Mistake mistake)
    {
        // No number sorts below all others in .NET: a network that answers with none has no mistakes worth showing.
        _kept.Enqueue(mistake, (mistake.Loss, -_added++));
        if (_kept.Count > capacity)
            _kept.Dequeue();
    }
}
