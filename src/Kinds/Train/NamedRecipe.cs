using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Train;

/// <summary>Fields of <see cref="TrainArguments"/> under a name: the recipes of the folder recipes/, which travel in this assembly, or a file of one's own.</summary>
public sealed record NamedRecipe
{
    private const string Prefix = "HrNetBatch.Recipes.", Suffix = ".json";

    /// <summary>What it is and whose, for people.</summary>
    public required string About { get; init; }

    /// <summary>Fields of the job that only its user can give, such as <c>teacher</c>.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>The fields, as a job's request has them.</summary>
    public required JsonObject Arguments { get; init; }

    /// <summary>The names of the recipes that there are.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..^Suffix.Length]).Order(StringComparer.Ordinal)];

    /// <summary>The recipe of this name; null where there is none.</summary>
    public static NamedRecipe? Find(string name)
    {
        if (!Names.Contains(name, StringComparer.Ordinal))
            return null;
        using Stream json = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name + Suffix)!;
        return Read(json);
    }

    /// <summary>Reads a recipe: <c>{"about": "…", "needs": ["…"], "arguments": {…}}</c>. Its fields are checked with the job that they become.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static NamedRecipe Read(Stream json)
        => JsonSerializer.Deserialize<NamedRecipe>(json, JobJson.Options) ?? throw new JsonException("it is null");
}
