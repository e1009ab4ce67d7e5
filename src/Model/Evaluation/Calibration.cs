namespace HrNetBatch.Model.Evaluation;

/// <summary>
/// Whether probabilities mean what they say: of answers given with 0.8, eight in ten should be right. Answers are sorted into
/// fifteen bins of equal width by the probability of the class that was chosen (Guo et al. 2017, On Calibration of Modern Neural Networks, section 2).
/// </summary>
public sealed class Calibration
{
    /// <summary>How many bins there are.</summary>
    public const int BinCount = 15;

    private readonly long[] _counts = new long[BinCount], _right = new long[BinCount];
    private readonly double[] _confidence = new double[BinCount];

    /// <summary>Expected calibration error, 0 to 1: the mean distance of confidence and accuracy, each bin with its share of the answers; NaN when a probability was none.</summary>
    public double Error
    {
        get
        {
            double sum = 0;
            foreach (CalibrationBin bin in Bins.Where(bin => bin.Count > 0))
                sum += Math.Abs(bin.Accuracy - bin.Confidence) * bin.Count;
            return sum / Math.Max(_counts.Sum(), 1);
        }
    }

    /// <summary>The bins from 0 to 1.</summary>
    public IEnumerable<CalibrationBin> Bins => Enumerable.Range(0, BinCount).Select(i => _counts[i] is var count && count == 0
        ? new CalibrationBin((double)i / BinCount, (i + 1.0) / BinCount, 0, 0, 0)
        : new CalibrationBin((double)i / BinCount, (i + 1.0) / BinCount, count, _confidence[i] / count, (double)_right[i] / count));

    internal void Add(double confidence, bool isRight)
    {
        // A bin has its upper edge and not its lower one; no number falls into the first, and makes the error none.
        int bin = Math.Clamp((int)Math.Ceiling(confidence * BinCount) - 1, 0, BinCount - 1);
        _counts[bin]++;
        _confidence[bin] += confidence;
        if (isRight)
            _right[bin]++;
    }
}

/// <summary>The answers whose probability lies between two numbers.</summary>
/// <param name="From">Lower edge, exclusive.</param>
/// <param name="To">Upper edge, inclusive.</param>
/// <param name="Count">How many answers.</param>
/// <param name="Confidence">Their mean probability; 0 without answers.</param>
/// <param name="Accuracy">The share of them that was right; 0 without answers.</param>
public sealed record CalibrationBin(double From, double To, long Count, double Confidence, double Accuracy);
