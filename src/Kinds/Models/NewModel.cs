namespace HrNetBatch.Kinds.Models;

/// <summary>What is known of weights that are to become the next version of a model; the rest is read from them.</summary>
public sealed record NewModel
{
    /// <summary>The model's name; it need not exist yet.</summary>
    public required string Name { get; init; }

    /// <summary>The file or blob that the weights are from, for messages and for the record.</summary>
    public required string Source { get; init; }

    /// <summary>The train job that made them; it gets one version, however often this is asked for.</summary>
    public Guid? Job { get; init; }

    /// <summary>Names of the classes; null: those that the weights carry, or ImageNet's for a foreign checkpoint of 1,000 classes.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Side of the square input, pixels; null: what the weights carry, else 224.</summary>
    public int? ImageSize { get; init; }

    /// <summary>What is known of its quality, by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>What to remember of it.</summary>
    public string? Remark { get; init; }
}
