namespace HrNetBatch.Model.Evaluation;

/// <summary>Adds up a network's answers, batch after batch; the order of the batches decides the last bits of the loss.</summary>
internal sealed class EvaluationMeters(int classCount, EvaluationOptions options)
{
    private readonly Calibration _calibration = new();
    private readonly ConfusionMatrix _confusion = new(classCount);
    private readonly WorstMistakes _mistakes = new(options.MistakeCount);
    private readonly long[] _counts = new long[classCount], _top1 = new long[classCount], _top5 = new long[classCount], _predicted = new long[classCount];
    private double _loss;
    private int _batchCount;
    private long _judged, _judgedTop1, _judgedTop5;

    /// <summary>Adds the answers to a batch.</summary>
    public void Add(BatchAnswers batch)
    {
        _batchCount++;
        _loss += batch.Loss * batch.Answers.Count;   // the last batch may be smaller: its mean weighs less
        foreach (Answer answer in batch.Answers)
        {
            _counts[answer.Label]++;
            _predicted[answer.Predicted]++;
            if (answer.IsRight) _top1[answer.Label]++;
            if (answer.IsAmongBest) _top5[answer.Label]++;
            _calibration.Add(answer.Confidence, answer.IsRight);
            _confusion.Add(answer.Label, answer.Predicted);
            if (!answer.IsRight && options.MistakeCount > 0)
                _mistakes.Add(new Mistake(answer.Sample, answer.Label, answer.Predicted, answer.Confidence, answer.Loss, answer.Image));
            if (options.MultiLabels is { } all)
                Judge(answer, all.For(answer.Sample.Key));
        }
    }

    /// <summary>What came out.</summary>
    /// <exception cref="EvaluationException">There was not one batch, or there are labels for other images only.</exception>
    public EvaluationReport ToReport(TimeSpan duration)
    {
        long count = _counts.Sum();
        if (count == 0)
            throw new EvaluationException("There is nothing to evaluate: the validation data holds no sample.");
        if (options.MultiLabels is not null && _judged == 0)
            throw new EvaluationException("The multi-labels have no answer for any image of the validation data: they belong to other images, or their keys are written differently.");
        return new EvaluationReport
        {
            Result = new EvaluationResult(_loss / count, (double)_top1.Sum() / count, (double)_top5.Sum() / count, count),
            Calibration = _calibration,
            Confusion = _confusion,
            Classes = [.. _counts.Select((images, i) => new ClassAccuracy(i, images, _top1[i], _top5[i], _predicted[i]))],
            Mistakes = _mistakes.All,
            MultiLabels = _judged > 0 ? new MultiLabelAccuracy((double)_judgedTop1 / _judged, (double)_judgedTop5 / _judged, _judged) : null,
            BatchCount = _batchCount,
            Duration = duration,
        };
    }

    private void Judge(Answer answer, IReadOnlyList<long> right)
    {
        if (right.Count == 0)
            return;
        _judged++;
        if (right.Contains(answer.Predicted)) _judgedTop1++;
        if (right.Any(label => answer.Best.Span.Contains(label))) _judgedTop5++;
    }
}
