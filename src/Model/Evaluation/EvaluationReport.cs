namespace HrNetBatch.Model.Evaluation;

/// <summary>All that one pass over a labelled set tells of a network.</summary>
public sealed record EvaluationReport
{
    /// <summary>The original's meters.</summary>
    public required EvaluationResult Result { get; init; }

    /// <summary>How far its probabilities are from the shares of right answers.</summary>
    public required Calibration Calibration { get; init; }

    /// <summary>What it took for what.</summary>
    public required ConfusionMatrix Confusion { get; init; }

    /// <summary>How it does on each class, by index.</summary>
    public required IReadOnlyList<ClassAccuracy> Classes { get; init; }

    /// <summary>The mistakes with the highest losses, worst first; as many as asked for.</summary>
    public required IReadOnlyList<Mistake> Mistakes { get; init; }

    /// <summary>How it does where several answers are right; null where none were given.</summary>
    public MultiLabelAccuracy? MultiLabels { get; init; }

    /// <summary>Batches measured.</summary>
    public required int BatchCount { get; init; }

    /// <summary>From asking for the first batch to the last answer.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Images a second, reading and decoding included.</summary>
    public double ImagesPerSecond => Result.Count / Math.Max(Duration.TotalSeconds, 1e-9);
}
