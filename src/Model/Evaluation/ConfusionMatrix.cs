namespace HrNetBatch.Model.Evaluation;

/// <summary>How often each class was taken for each. Only cells that are not zero take room, so a thousand classes cost no more than the images do.</summary>
/// <param name="classCount">Classes of the network.</param>
public sealed class ConfusionMatrix(int classCount)
{
    private readonly Dictionary<(int Label, int Predicted), long> _cells = [];

    /// <summary>Rows and columns.</summary>
    public int ClassCount { get; } = classCount;

    /// <summary>How many images of class <paramref name="label"/> were taken for <paramref name="predicted"/>.</summary>
    public long this[int label, int predicted] => _cells.GetValueOrDefault((label, predicted));

    /// <summary>The cells that are not zero, row by row.</summary>
    public IEnumerable<ConfusionCell> Cells =>
        _cells.Select(cell => new ConfusionCell(cell.Key.Label, cell.Key.Predicted, cell.Value)).OrderBy(cell => cell.Label).ThenBy(cell => cell.Predicted);

    internal void Add(int label, int predicted) => _cells[(label, predicted)] = this[label, predicted] + 1;
}

/// <summary>One cell of a <see cref="ConfusionMatrix"/>.</summary>
/// <param name="Label">The images' class.</param>
/// <param name="Predicted">What they were taken for.</param>
/// <param name="Count">How many.</param>
public readonly record struct ConfusionCell(int Label, int Predicted, long Count);
