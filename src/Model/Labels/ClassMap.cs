namespace HrNetBatch.Model.Labels;

/// <summary>Which class of one side each class of another is.</summary>
public sealed record ClassMap
{
    private ClassMap()
    {
    }

    /// <summary>Every class has the same number on both sides.</summary>
    public static ClassMap Identity { get; } = new();

    /// <summary>The known side's class for each class of the other; null: the same numbers.</summary>
    public IReadOnlyList<int>? Indices { get; private init; }

    /// <summary>The same by name, for people; null: the same numbers.</summary>
    public IReadOnlyDictionary<string, int>? ByName { get; private init; }

    /// <summary>A map; the identity where all numbers are the same.</summary>
    internal static ClassMap Of(IReadOnlyList<string> names, int[] indices) => indices.Index().All(pair => pair.Index == pair.Item)
        ? Identity
        : new ClassMap { Indices = indices, ByName = names.Zip(indices).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal) };
}
