namespace HrNetBatch.Model.Evaluation;

/// <summary>How a network is measured.</summary>
public sealed record EvaluationOptions
{
    /// <summary>How many batches run at once on a CPU, one thread each. It does not change the result.</summary>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether each image is seen twice, as it is and mirrored, and the probabilities of the two answers are averaged.</summary>
    public bool AveragesFlip { get; init; }

    /// <summary>How many of the worst mistakes are kept, with their images where the batches carry them.</summary>
    public int MistakeCount { get; init; }

    /// <summary>All right answers for each image, which are counted besides its own label; null: there are none.</summary>
    public MultiLabels? MultiLabels { get; init; }
}
